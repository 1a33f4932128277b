// Draws the cards and tells which one was clicked. Names reach the page as text, never as HTML.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let grid = parentElement.querySelector('.grid');
  if (!grid) {
    grid = document.createElement('div');
    grid.className = 'grid';
    parentElement.appendChild(grid);
  }
  grid.style.setProperty('--card', data.card);
  const text = (className, words) => {
    const part = document.createElement('div');
    part.className = className; part.textContent = words; part.title = words;
    return part;
  };
  grid.replaceChildren(...data.tiles.map((tile) => {
    const card = document.createElement('button');
    card.className = 'card'; card.type = 'button';
    card.setAttribute('aria-label', tile.title + '. ' + tile.note);
    const row = document.createElement('div');
    row.className = 'row';
    for (const shown of tile.images) {
      const frame = document.createElement('div');
      frame.className = 'frame';
      if (shown.src) {
        const image = document.createElement('img');
        image.src = shown.src; image.alt = shown.label || tile.title; image.loading = 'lazy';
        frame.appendChild(image);
      } else {
        frame.appendChild(text('none', 'no preview'));
      }
      if (shown.label) {
        const label = text('label', shown.label);
        label.style.background = shown.colour;
        label.style.color = shown.ink;
        frame.appendChild(label);
      }
      row.appendChild(frame);
    }
    const words = document.createElement('div');
    words.className = 'words';
    words.append(text('title', tile.title), text('note', tile.note));
    card.append(row, words);
    card.onclick = () => setTriggerValue('opened', tile.key);
    return card;
  }));
}
