import { describe, expect, it } from "vitest";
import { decodeNpy, NpyError } from "../src/npy";

interface Parts {
  version?: number;
  header?: string;
  data?: ArrayBufferView;
}

/** A file as NumPy writes it: the header padded so that the data begins at a multiple of 64. */
function npy({ version = 1, header = "", data = new Float32Array() }: Parts): ArrayBuffer {
  const prefix = version === 1 ? 10 : 12;
  const padded = `${header.padEnd(64 * Math.ceil((prefix + header.length + 1) / 64) - prefix - 1)}\n`;
  const bytes = new Uint8Array(prefix + padded.length + data.byteLength);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), version, 0]);
  if (version === 1) view.setUint16(8, padded.length, true);
  else view.setUint32(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), prefix);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), prefix + padded.length);
  return bytes.buffer;
}

const header = (descr: string, shape: string, order = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`;

describe("decodeNpy", () => {
  it.each([1, 2])("reads single precision in version %i", (version) => {
    const data = new Float32Array([1.5, -2, Number.NaN, 4, 5, 6]);
    const { shape, values } = decodeNpy(npy({ version, header: header("<f4", "(2, 3)"), data }));
    expect(shape).toEqual([2, 3]);
    expect(values).toEqual(data);
  });

  it("reads double precision", () => {
    const data = new Float64Array([0.1, Number.POSITIVE_INFINITY]);
    const { shape, values } = decodeNpy(npy({ header: header("<f8", "(2,)"), data }));
    expect(shape).toEqual([2]);
    expect(values).toEqual(data);
  });

  it("reads arrays without a dimension, and without a row", () => {
    expect(decodeNpy(npy({ header: header("<f4", "()"), data: new Float32Array([7]) })).values).toHaveLength(
      1,
    );
    expect(decodeNpy(npy({ header: header("<f4", "(0, 3)") }))).toEqual({
      shape: [0, 3],
      values: new Float32Array(),
    });
  });

  it("reads data that does not begin at a multiple of its element", () => {
    const text = `${header("<f8", "(1,)")}  \n`;
    const bytes = new Uint8Array(10 + text.length + 8);
    bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, text.length, 0]);
    bytes.set(new TextEncoder().encode(text), 10);
    new DataView(bytes.buffer).setFloat64(10 + text.length, 0.25, true);
    expect((10 + text.length) % 8).not.toBe(0);
    expect([...decodeNpy(bytes.buffer).values]).toEqual([0.25]);
  });

  it.each<[string, ArrayBuffer, RegExp]>([
    ["something else", new TextEncoder().encode('{"title": "Not Found"}').buffer, /does not begin as one/],
    ["nothing at all", new ArrayBuffer(0), /does not begin as one/],
    ["an unknown version", npy({ version: 3 }), /version 3/],
    ["whole numbers", npy({ header: header("<i4", "(1,)") }), /kind <i4/],
    ["the other byte order", npy({ header: header(">f4", "(1,)") }), /kind >f4/],
    ["column-major data", npy({ header: header("<f4", "(1,)", "True") }), /row-major/],
    ["a header without a shape", npy({ header: "{'descr': '<f4', 'fortran_order': False}" }), /no shape/],
    [
      "data that is cut off",
      npy({ header: header("<f4", "(3,)"), data: new Float32Array(2) }),
      /4 bytes are missing/,
    ],
    ["a header that is cut off", npy({ header: header("<f4", "(1,)") }).slice(0, 40), /header is cut off/],
  ])("refuses %s", (_, buffer, message) => {
    expect(() => decodeNpy(buffer)).toThrow(NpyError);
    expect(() => decodeNpy(buffer)).toThrow(message);
  });
});
