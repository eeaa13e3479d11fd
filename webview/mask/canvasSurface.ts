/** Draws masks on a plain canvas, where WebGL2 is missing or was lost. */
import { h } from '../ui/dom';
import { colorOf, type MaskMode, type MaskPalette } from './colors';
import { eachTile, tileBox, TileStore, type Scene, type Sheet, type Surface, type Tile } from './scene';

/** Tiles of 1 MiB. */
const mostTiles = 96;

export class CanvasSurface implements Surface {
  readonly element = h('canvas', { class: 'mask-cells', attributes: { 'data-surface': 'canvas' } });
  private readonly tiles = new TileStore<HTMLCanvasElement>(mostTiles, canvas => {
    canvas.width = canvas.height = 0;
  });
  private mode: MaskMode | undefined;
  private palette: MaskPalette | undefined;

  draw(scene: Scene): boolean {
    const { width, height, ratio, view, mode, palette } = scene;
    if (mode !== this.mode || palette !== this.palette) this.tiles.clear();
    this.mode = mode;
    this.palette = palette;
    const { element } = this;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== across) element.width = across;
    if (element.height !== down) element.height = down;
    const context = element.getContext('2d');
    if (!context) return true;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = false;
    context.save();
    context.beginPath();
    context.rect(0, 0, view.columns * view.pixelsPerColumn, view.rows * view.pixelsPerRow);
    context.clip();
    const complete = eachTile(
      scene,
      this.tiles,
      (sheet, tile) => paint(sheet, tile, mode, palette),
      (sheet, tile, picture) => {
        const box = tileBox(sheet, tile, view);
        context.drawImage(picture, box.x, box.y, box.width, box.height);
      },
    );
    context.restore();
    return complete;
  }

  close(): void {
    this.tiles.clear();
  }
}

function paint(sheet: Sheet, tile: Tile, mode: MaskMode, palette: MaskPalette): HTMLCanvasElement {
  const canvas = h('canvas', { attributes: { width: tile.columns, height: tile.rows } });
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  const codes = sheet.encode(tile);
  const image = context.createImageData(tile.columns, tile.rows);
  for (let at = 0; at < codes.length; at += 4) {
    const color = colorOf(palette, mode, codes, at);
    if (!color) continue;
    image.data[at] = color[0];
    image.data[at + 1] = color[1];
    image.data[at + 2] = color[2];
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
