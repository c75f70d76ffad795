// The page of a screen: canvas, keyboard and pointer around rfb.js.
import { Rfb } from "./rfb.js";
import { keysymOf } from "./keys.js";

const status = document.getElementById("status");
const canvas = document.getElementById("screen");

// The address is noVNC's: the token is in the query of the parameter `path`. Only the token is taken from it, so that no
// link can send the page to another place.
function token() {
  const query = new URLSearchParams(location.search);
  const path = query.get("path") ?? "";
  return new URLSearchParams(path.slice(path.indexOf("?") + 1)).get("token") ?? query.get("token") ?? "";
}

const address = new URL("websockify", location.href);
address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
address.search = new URLSearchParams({ token: token() }).toString();
history.replaceState(null, "", location.pathname);

const socket = new WebSocket(address, ["binary"]);
socket.binaryType = "arraybuffer";
const rfb = new Rfb({
  send: (bytes) => socket.send(bytes),
  resize: (width, height) => {
    canvas.width = width;
    canvas.height = height;
  },
  // four bytes a pixel, as a canvas has them
  paint: (x, y, width, height, pixels) =>
    canvas.getContext("2d").putImageData(new ImageData(pixels, width, height), x, y),
  ready: (name) => {
    status.textContent = name;
    canvas.focus();
  },
  fail: (why) => {
    status.textContent = why;
    socket.close();
  },
});
socket.onmessage = (event) => rfb.take(new Uint8Array(event.data));
socket.onclose = () => {
  status.textContent += " – closed. Ask for a new address to go on.";
};

// what is held down, by its place on the keyboard: let go as what it was pressed as
const held = new Map();
canvas.addEventListener("keydown", (event) => {
  const keysym = keysymOf(event);
  if (keysym) {
    held.set(event.code, keysym);
    rfb.key(keysym, true);
    event.preventDefault();
  }
});
canvas.addEventListener("keyup", (event) => {
  const keysym = held.get(event.code);
  if (keysym) {
    held.delete(event.code);
    rfb.key(keysym, false);
    event.preventDefault();
  }
});
canvas.addEventListener("blur", () => {
  held.forEach((keysym) => rfb.key(keysym, false));
  held.clear();
});

// the browser counts left, right, middle; RFB left, middle, right
const buttons = (pressed) => (pressed & 1) | ((pressed & 4) >> 1) | ((pressed & 2) << 1);
function point(event, wheel = 0) {
  const box = canvas.getBoundingClientRect();
  const x = Math.round(((event.clientX - box.left) * canvas.width) / box.width);
  const y = Math.round(((event.clientY - box.top) * canvas.height) / box.height);
  rfb.pointer(x, y, buttons(event.buttons) | wheel);
}
for (const kind of ["mousedown", "mouseup", "mousemove"]) {
  canvas.addEventListener(kind, (event) => point(event));
}
canvas.addEventListener("wheel", (event) => {
  point(event, event.deltaY < 0 ? 8 : 16);
  point(event);
  event.preventDefault();
}, { passive: false });
canvas.addEventListener("contextmenu", (event) => event.preventDefault());

document.getElementById("cad").addEventListener("click", () => {
  const keys = [0xffe3, 0xffe9, 0xffff];
  keys.forEach((keysym) => rfb.key(keysym, true));
  keys.reverse().forEach((keysym) => rfb.key(keysym, false));
  canvas.focus();
});
