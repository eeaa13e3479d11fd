/** Style sheets are imported for the bundle's sake: esbuild gathers them into one file beside the script. */
declare module '*.css';
