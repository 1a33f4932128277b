// All of the map that travels inside a message: it fetches the rest once, as modules, and hands
// every call on to it.
export default async function (component) {
  const url = new URL(`.${component.data.module}`, document.baseURI).href;
  const { default: show } = await import(url);
  return show(component);
}
