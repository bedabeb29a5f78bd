/// <reference types="vite/client" />

// Styles that Element Plus ships as modules.
declare module 'element-plus/es/components/*/style/css' {}
