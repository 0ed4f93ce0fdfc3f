// Node's Buffer for the code that checks records; esbuild puts it wherever the name stands.
export { Buffer } from 'buffer';
