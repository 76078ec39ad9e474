import { laterDialog } from '../../ui/later-dialog.tsx'

/** Brings files of a snapshot back; its code comes when it is first opened. */
export const RestoreDialog = laterDialog(async () => (await import('./restore-dialog.tsx')).RestoreDialog)
