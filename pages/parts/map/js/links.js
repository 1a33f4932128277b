// Maps on one page that are linked show the same part and the same selection at once.

const linked = new Map();

/** Let a map take part; the returned function ends it. */
export function join(name, map) {
  if (!name) return () => {};
  if (!linked.has(name)) linked.set(name, new Set());
  const maps = linked.get(name);
  maps.add(map);
  return () => {
    maps.delete(map);
    if (!maps.size) linked.delete(name);
  };
}

/** Call a method of every other map of the same name. */
export function tell(name, from, method, ...values) {
  for (const map of linked.get(name) ?? []) {
    if (map !== from) map[method](...values);
  }
}
