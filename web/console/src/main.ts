import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import '@gatepipe/pages-kit/colours.css'
import '@gatepipe/pages-kit/base.css'
import './style.css'
import { applyPreferences } from '@gatepipe/pages-kit/preferences'
import { createApp } from 'vue'
import App from './App.vue'
import { gatepipe } from './gatepipe.js'
import { router } from './router.js'
import { session } from './session.js'

applyPreferences()
session.followOtherTabs()
createApp(App).use(gatepipe).use(router).mount('#app')
