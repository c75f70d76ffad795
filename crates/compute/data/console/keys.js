// Keys of a browser as X's keysyms, which RFB speaks.

const NAMED = {
  Backspace: 0xff08, Tab: 0xff09, Enter: 0xff0d, Escape: 0xff1b, Delete: 0xffff,
  Home: 0xff50, ArrowLeft: 0xff51, ArrowUp: 0xff52, ArrowRight: 0xff53, ArrowDown: 0xff54,
  PageUp: 0xff55, PageDown: 0xff56, End: 0xff57, Insert: 0xff63, ContextMenu: 0xff67,
  NumLock: 0xff7f, CapsLock: 0xffe5, ScrollLock: 0xff14, Pause: 0xff13, PrintScreen: 0xff61,
  AltGraph: 0xfe03,
};

// Which of a pair of keys it is says only its place.
const PLACED = {
  ShiftLeft: 0xffe1, ShiftRight: 0xffe2, ControlLeft: 0xffe3, ControlRight: 0xffe4,
  AltLeft: 0xffe9, MetaLeft: 0xffeb, MetaRight: 0xffec,
};

export function keysymOf(event) {
  const key = event.key;
  if (NAMED[key]) return NAMED[key];
  if (PLACED[event.code]) return PLACED[event.code];
  if (event.code === "AltRight") return 0xffea;
  const number = /^F(\d{1,2})$/.exec(key)?.[1];
  if (number) return 0xffbd + Number(number);
  const [letter, more] = [...key];
  if (letter === undefined || more !== undefined) return 0;
  const point = letter.codePointAt(0);
  return point < 0x100 ? point : 0x01000000 + point;
}
