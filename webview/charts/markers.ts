/** Shapes that mark the points of a line: SVG paths around the origin, within about −1 to 1, of about the same area. */

const corners = (count: number, turn: number): string => {
  const at = (k: number): string => {
    const angle = ((k + turn) / count) * 2 * Math.PI - Math.PI / 2;
    return `${(1.1 * Math.cos(angle)).toFixed(3)},${(1.1 * Math.sin(angle)).toFixed(3)}`;
  };
  return `M${Array.from({ length: count }, (_, k) => at(k)).join(' L')} z`;
};

export const markers = {
  circle: 'M-1,0 a1,1 0 1,0 2,0 a1,1 0 1,0 -2,0 z',
  square: 'M-0.86,-0.86 h1.72 v1.72 h-1.72 z',
  diamond: 'M0,-1.2 L1.1,0 L0,1.2 L-1.1,0 z',
  triangleUp: 'M0,-1.1 L1.05,0.8 L-1.05,0.8 z',
  triangleDown: 'M0,1.1 L1.05,-0.8 L-1.05,-0.8 z',
  triangleLeft: 'M-1.1,0 L0.8,1.05 L0.8,-1.05 z',
  triangleRight: 'M1.1,0 L-0.8,1.05 L-0.8,-1.05 z',
  pentagon: corners(5, 0),
  hexagon: corners(6, 0.5),
  star: 'M0,-1.25 L0.3,-0.4 L1.2,-0.38 L0.48,0.16 L0.74,1.02 L0,0.52 L-0.74,1.02 L-0.48,0.16 L-1.2,-0.38 L-0.3,-0.4 z',
  bowtie: 'M-1.05,-0.9 L1.05,0.9 L1.05,-0.9 L-1.05,0.9 z',
  hourglass: 'M-0.9,-1.05 L0.9,1.05 L-0.9,1.05 L0.9,-1.05 z',
  plus: 'M-1.15,0 H1.15 M0,-1.15 V1.15',
  cross: 'M-0.9,-0.9 L0.9,0.9 M0.9,-0.9 L-0.9,0.9',
} as const;
