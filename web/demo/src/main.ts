import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './colours.css'
import './style.css'
import { createApp } from 'vue'
import App from './App.vue'
import { gatepipe } from './gatepipe.js'
import { applyPreferences } from './preferences.js'
import { router } from './router.js'
import { session } from './session/session.js'

applyPreferences()
session.followOtherTabs()
createApp(App).use(gatepipe).use(router).mount('#app')
