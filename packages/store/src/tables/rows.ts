import type { Insertable, Selectable } from 'kysely'
import type {
  FileClaimTable,
  LeaseTable,
  MergeEventTable,
  MessageRecipientTable,
  MessageTable,
  SandboxRunTable,
  SubscriptionTable,
} from '../schema.js'

/** Rows of the tables whose records other rooms shape, as they are read and as they are inserted. */
export type FileClaimRow = Selectable<FileClaimTable>
export type NewFileClaimRow = Insertable<FileClaimTable>
export type MessageRow = Selectable<MessageTable>
export type NewMessageRow = Insertable<MessageTable>
export type MessageRecipientRow = Selectable<MessageRecipientTable>
export type NewMessageRecipientRow = Insertable<MessageRecipientTable>
export type MergeEventRow = Selectable<MergeEventTable>
export type NewMergeEventRow = Insertable<MergeEventTable>
export type SubscriptionRow = Selectable<SubscriptionTable>
export type NewSubscriptionRow = Insertable<SubscriptionTable>
export type SandboxRunRow = Selectable<SandboxRunTable>
export type NewSandboxRunRow = Insertable<SandboxRunTable>
export type LeaseRow = Selectable<LeaseTable>
export type NewLeaseRow = Insertable<LeaseTable>
