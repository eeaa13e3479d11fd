/** Draws masks by WebGL2: tiles are textures of four bytes a cell, coloured as they are drawn. */
import type { Rgb } from '../charts/color';
import { h } from '../ui/dom';
import { leastShade, type MaskPalette } from './colors';
import { eachTile, tileBox, TileStore, type Scene, type Sheet, type Surface, type Tile } from './scene';

/** Tiles of 1 MiB. */
const mostTiles = 96;

const vertexShader = `#version 300 es
uniform vec4 box;
out vec2 place;
void main() {
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  place = corner;
  gl_Position = vec4(box.xy + corner * box.zw, 0.0, 1.0);
}`;

/** The same as \`colorOf\`. */
const fragmentShader = `#version 300 es
precision highp float;
uniform sampler2D cells;
uniform sampler2D colors;
uniform int mode;
uniform vec3 pruned;
uniform vec3 positive;
uniform vec3 negative;
uniform vec3 bad;
in vec2 place;
out vec4 color;
vec3 rampAt(float share) {
  return texelFetch(colors, ivec2(int(share * 255.0 + 0.5), 0), 0).rgb;
}
void main() {
  vec4 code = texture(cells, place);
  if (code.a == 0.0) discard;
  vec3 shown;
  if (code.a < 0.9) shown = bad;
  else if (code.r == 0.0) shown = pruned;
  else if (mode == 1) shown = rampAt(code.r);
  else if (mode == 2) shown = rampAt(code.b);
  else shown = mix(pruned, mix(negative, positive, code.g), ${leastShade} + ${1 - leastShade} * code.r);
  color = vec4(shown, 1.0);
}`;

const modes = { sign: 0, state: 1, magnitude: 2 } as const;

interface Program {
  readonly program: WebGLProgram;
  readonly at: (name: string) => WebGLUniformLocation | null;
  readonly colors: WebGLTexture;
}

/**
 * @param lost called when the context is gone, and what it held with it
 * @returns null where there is no WebGL2
 */
export function glSurface(lost: () => void): Surface | null {
  const element = h('canvas', { class: 'mask-cells', attributes: { 'data-surface': 'webgl2' } });
  const gl = element.getContext('webgl2', {
    alpha: true,
    antialias: false,
    depth: false,
    preserveDrawingBuffer: false,
  });
  if (!gl) return null;
  const program = makeProgram(gl);
  if (!program) return null;
  element.addEventListener('webglcontextlost', lost);
  return new GlSurface(element, gl, program, () => {
    // its owner is done with it: nothing is lost
    element.removeEventListener('webglcontextlost', lost);
    gl.getExtension('WEBGL_lose_context')?.loseContext();
  });
}

class GlSurface implements Surface {
  private readonly tiles: TileStore<WebGLTexture>;
  private palette: MaskPalette | undefined;

  constructor(
    readonly element: HTMLCanvasElement,
    private readonly gl: WebGL2RenderingContext,
    private readonly program: Program,
    private readonly giveBack: () => void,
  ) {
    this.tiles = new TileStore(mostTiles, texture => {
      gl.deleteTexture(texture);
    });
    gl.useProgram(program.program);
    gl.uniform1i(program.at('cells'), 0);
    gl.uniform1i(program.at('colors'), 1);
  }

  draw(scene: Scene): boolean {
    const { gl, element, program } = this;
    const { width, height, ratio, view, mode, palette } = scene;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== across) element.width = across;
    if (element.height !== down) element.height = down;
    if (palette !== this.palette) this.setPalette(palette);
    gl.viewport(0, 0, across, down);
    gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    // cells of the last row and column may be cut: the picture ends with the matrix
    const [right, bottom] = [view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow];
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, down - Math.round(bottom * ratio), Math.round(right * ratio), Math.round(bottom * ratio));
    gl.uniform1i(program.at('mode'), modes[mode]);
    gl.activeTexture(gl.TEXTURE0);
    return eachTile(
      scene,
      this.tiles,
      (sheet, tile) => upload(gl, sheet, tile),
      (sheet, tile, texture) => {
        const box = tileBox(sheet, tile, view);
        const x = (box.x / width) * 2 - 1;
        const y = 1 - (box.y / height) * 2;
        gl.uniform4f(program.at('box'), x, y, (box.width / width) * 2, (-box.height / height) * 2);
        gl.bindTexture(gl.TEXTURE_2D, texture);
        gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
      },
    );
  }

  close(): void {
    this.tiles.clear();
    this.giveBack();
  }

  private setPalette(palette: MaskPalette): void {
    const { gl, program } = this;
    this.palette = palette;
    const vector = (name: string, [red, green, blue]: Rgb): void => {
      gl.uniform3f(program.at(name), red / 255, green / 255, blue / 255);
    };
    vector('pruned', palette.pruned);
    vector('positive', palette.positive);
    vector('negative', palette.negative);
    vector('bad', palette.bad);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, program.colors);
    const bytes = Uint8Array.from(palette.ramp.flatMap(color => [...color, 255]));
    setTexture(gl, bytes, palette.ramp.length, 1);
  }
}

function upload(gl: WebGL2RenderingContext, sheet: Sheet, tile: Tile): WebGLTexture {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  setTexture(gl, sheet.encode(tile), tile.columns, tile.rows);
  return texture;
}

function setTexture(gl: WebGL2RenderingContext, bytes: Uint8Array, width: number, height: number): void {
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, bytes);
  for (const [name, value] of [
    [gl.TEXTURE_MIN_FILTER, gl.NEAREST],
    [gl.TEXTURE_MAG_FILTER, gl.NEAREST],
    [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE],
    [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE],
  ] as const) {
    gl.texParameteri(gl.TEXTURE_2D, name, value);
  }
}

function makeProgram(gl: WebGL2RenderingContext): Program | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertexShader],
    [gl.FRAGMENT_SHADER, fragmentShader],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true) return null;
  const places = new Map<string, WebGLUniformLocation | null>();
  const at = (name: string): WebGLUniformLocation | null => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    return places.get(name) ?? null;
  };
  return { program, at, colors: gl.createTexture() };
}
