import { ElMessageBox } from 'element-plus'
import 'element-plus/es/components/message-box/style/css'
import { t } from '../texts/texts.js'

/** Asks before something that cannot be taken back; whether to go on. */
export async function confirmed(title: string, question: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(question, title, { type: 'warning', confirmButtonText: t('send.confirm'), cancelButtonText: t('send.cancel') })
    return true
  } catch {
    // Closing it rejects.
    return false
  }
}
