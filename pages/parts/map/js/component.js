// Where Streamlit and the map meet: called for every new message and every new theme, for each map
// on the page; makes the map at the first call and updates it at the others.

import { MapView } from "./view.js";

const maps = new WeakMap();

export default function show(component) {
  const { data, parentElement, setTriggerValue } = component;
  let map = maps.get(parentElement);
  if (!map) {
    map = new MapView(parentElement);
    maps.set(parentElement, map);
  }
  map.tell = setTriggerValue;
  map.update(data);
  return () => {
    map.free();
    maps.delete(parentElement);
  };
}
