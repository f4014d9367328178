/** Of the whole distribution; `vite.config.ts` puts it in. */
declare const __VERSION__: string;
