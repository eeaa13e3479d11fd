/** Pictures of vectors. */

/** Pixels of a PNG for each unit of the drawing. */
const scale = 2;

/** @returns the PNG as base64 */
export async function rasterised(svg: string): Promise<string> {
  const image = new Image();
  // what a page's policy lets in
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * scale;
  canvas.height = image.naturalHeight * scale;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas');
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
