// The toolbar's pictures, drawn on 24 x 24.

const SHAPES = {
  lasso:
    '<path d="M12 4c5 0 9 2.6 9 6s-4 6-9 6c-1.5 0-3-.2-4.2-.7"/><path d="M12 4C7 4 3 6.6 3 10c0 2 1.5 3.8 3.7 4.9"/><circle cx="6.6" cy="16.4" r="1.9"/><path d="M6.8 18.3c.2 1.5-.5 2.4-1.8 2.9"/>',
  box: '<rect x="4" y="5" width="16" height="14" rx="1.5" stroke-dasharray="3.6 2.8"/>',
  move: '<path d="M12 3v18M3 12h18M9.5 5.5 12 3l2.5 2.5M9.5 18.5 12 21l2.5-2.5M5.5 9.5 3 12l2.5 2.5M18.5 9.5 21 12l-2.5 2.5"/>',
  turn: '<path d="M4 12c0-2.2 3.6-4 8-4s8 1.8 8 4-3.6 4-8 4"/><path d="m14.5 13-3 3 3 3"/>',
  closer: '<path d="M12 5v14M5 12h14"/>',
  farther: '<path d="M5 12h14"/>',
  all: '<path d="M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5"/><circle cx="12" cy="12" r="1.6"/>',
  clear: '<path d="m6 6 12 12M18 6 6 18"/>',
  full: '<path d="M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7"/>',
};

export function icon(name) {
  return (
    '<svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" ' +
    'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">' +
    `${SHAPES[name]}</svg>`
  );
}
