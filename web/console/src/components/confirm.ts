import { ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { t } from '../texts/texts.js'

/** Asks before something that cannot be taken back; whether to go on. With `typed` that word has to be typed first. */
export async function confirmed(title: string, question: string, action: string, typed = ''): Promise<boolean> {
  const looks = { type: 'warning', confirmButtonText: action, cancelButtonText: t('cancel'), confirmButtonClass: 'el-button--danger' } as const
  try {
    if (typed) {
      const inputValidator = (text: string | null) => text?.trim() === typed || t('confirm.type', { word: typed })
      await ElMessageBox.prompt(`${question} ${t('confirm.type', { word: typed })}`, title, { ...looks, inputValidator })
    } else {
      await ElMessageBox.confirm(question, title, looks)
    }
    return true
  } catch {
    // Closing it rejects.
    return false
  }
}

/** Asks for a text before something is done; `null`: it is not to be done. */
export async function asked(title: string, question: string, action: string, value = '', longest = 255): Promise<string | null> {
  try {
    const { value: text } = await ElMessageBox.prompt(question, title, {
      inputValue: value,
      inputValidator: (text: string | null) => new TextEncoder().encode(text ?? '').length <= longest || t('confirm.long', { bytes: longest }),
      confirmButtonText: action,
      cancelButtonText: t('cancel'),
    })
    return text ?? ''
  } catch {
    return null
  }
}
