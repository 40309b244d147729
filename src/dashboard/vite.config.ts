import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** The hub builds with this through Vite's API and gives `build.outDir` inline. `vite` alone serves it for work on it. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // A file of its own even when tiny: a strict content security policy allows no data: URLs.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:4310' } },
})
