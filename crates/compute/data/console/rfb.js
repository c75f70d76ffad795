// A client of RFB 3.8 (RFC 6143): no authentication, raw pixels, changes of the screen's size. It knows no browser.

const ENCODINGS = [0 /* raw */, -223 /* the size of the screen */];
const LARGEST = 8192;

export class Rfb {
  // `page` has send, resize, paint, ready and fail.
  constructor(page) {
    this.page = page;
    this.width = 0;
    this.height = 0;
    this.open = false;
    this.pieces = [];
    this.there = 0;
    this.steps = this.converse();
    this.wanted = this.steps.next().value;
  }

  // Takes what came, and goes on as far as that reaches.
  take(bytes) {
    this.pieces.push(bytes);
    this.there += bytes.length;
    try {
      while (this.wanted !== undefined && this.there >= this.wanted) {
        this.wanted = this.steps.next(this.cut(this.wanted)).value;
      }
    } catch (error) {
      this.wanted = undefined;
      this.page.fail(error.message);
    }
  }

  // The first `count` bytes of what came.
  cut(count) {
    const cut = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const piece = this.pieces[0];
      const part = piece.subarray(0, count - filled);
      cut.set(part, filled);
      filled += part.length;
      if (part.length === piece.length) {
        this.pieces.shift();
      } else {
        this.pieces[0] = piece.subarray(part.length);
      }
    }
    this.there -= count;
    return cut;
  }

  // The conversation: each `yield` asks for so many bytes.
  *converse() {
    const version = text(yield 12);
    if (!/^RFB 003\.\d{3}\n$/.test(version)) throw new Error("This is no screen.");
    this.page.send(bytes("RFB 003.008\n"));
    const kinds = yield (yield 1)[0];
    if (kinds.length === 0) throw new Error(text(yield view(yield 4).getUint32(0)));
    if (!kinds.includes(1)) throw new Error("The screen asks for a password, which it must not.");
    this.page.send(Uint8Array.of(1));
    if (view(yield 4).getUint32(0) !== 0) throw new Error("The screen refuses.");
    this.page.send(Uint8Array.of(1));
    const init = view(yield 24);
    const name = text(yield init.getUint32(20));
    this.size(init.getUint16(0), init.getUint16(2));
    this.open = true;
    this.page.ready(name);
    this.ask32();
    this.page.send(encodings());
    this.refresh(0);
    for (;;) yield* this.message((yield 1)[0]);
  }

  *message(kind) {
    switch (kind) {
      case 0:
        for (let left = view(yield 3).getUint16(1); left > 0; left -= 1) yield* this.rectangle();
        this.refresh(1);
        break;
      case 1:
        yield view(yield 5).getUint16(3) * 6;
        break;
      case 2:
        break;
      case 3:
        yield view(yield 7).getUint32(3);
        break;
      default:
        throw new Error(`The screen says something unknown (${kind}).`);
    }
  }

  *rectangle() {
    const head = view(yield 12);
    const [x, y, width, height] = [0, 2, 4, 6].map((at) => head.getUint16(at));
    const encoding = head.getInt32(8);
    if (encoding === -223) {
      this.size(width, height);
      this.refresh(0);
    } else if (encoding === 0) {
      const pixels = new Uint8ClampedArray(yield width * height * 4);
      for (let at = 3; at < pixels.length; at += 4) pixels[at] = 255;
      if (width > 0 && height > 0) this.page.paint(x, y, width, height, pixels);
    } else {
      throw new Error(`The screen is drawn in an unknown way (${encoding}).`);
    }
  }

  size(width, height) {
    if (width > LARGEST || height > LARGEST) throw new Error("The screen is too large.");
    this.width = width;
    this.height = height;
    this.page.resize(width, height);
  }

  // Pixels as a canvas has them: red, green, blue, and one byte that does not count.
  ask32() {
    this.page.send(Uint8Array.of(0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 0, 8, 16, 0, 0, 0));
  }

  refresh(incremental) {
    const message = new DataView(new ArrayBuffer(10));
    message.setUint8(0, 3);
    message.setUint8(1, incremental);
    message.setUint16(6, this.width);
    message.setUint16(8, this.height);
    this.page.send(new Uint8Array(message.buffer));
  }

  key(keysym, down) {
    if (!this.open) return;
    const message = new DataView(new ArrayBuffer(8));
    message.setUint8(0, 4);
    message.setUint8(1, down ? 1 : 0);
    message.setUint32(4, keysym);
    this.page.send(new Uint8Array(message.buffer));
  }

  pointer(x, y, buttons) {
    if (!this.open) return;
    const message = new DataView(new ArrayBuffer(6));
    message.setUint8(0, 5);
    message.setUint8(1, buttons);
    message.setUint16(2, Math.min(Math.max(x, 0), this.width - 1));
    message.setUint16(4, Math.min(Math.max(y, 0), this.height - 1));
    this.page.send(new Uint8Array(message.buffer));
  }
}

function encodings() {
  const message = new DataView(new ArrayBuffer(4 + 4 * ENCODINGS.length));
  message.setUint8(0, 2);
  message.setUint16(2, ENCODINGS.length);
  ENCODINGS.forEach((encoding, number) => message.setInt32(4 + 4 * number, encoding));
  return new Uint8Array(message.buffer);
}

function view(cut) {
  return new DataView(cut.buffer, cut.byteOffset, cut.byteLength);
}

function text(cut) {
  return new TextDecoder().decode(cut);
}

function bytes(words) {
  return new TextEncoder().encode(words);
}
