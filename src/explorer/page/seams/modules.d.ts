// What esbuild makes of imports that are no TypeScript: the validators that schemas/*.json become, and styles.
declare module 'schema:*' {
  const validator: import('../../../schema/shape.js').Validator;
  export default validator;
}

declare module '*.css';

declare module 'map:world' {
  const world: unknown;
  export default world;
}
