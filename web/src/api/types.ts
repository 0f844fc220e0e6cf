/** Short names for the types that `npm run api-types` generates from docs/openapi.json. */
import type { components, operations } from "./schema";

type Schemas = components["schemas"];

/** A task of a request without `include`: it has ids and no objects in place of them. */
export type WithIds<T> = Omit<T, "project" | "assigned_to" | "labels"> &
  Pick<Schemas["Task"], "project" | "assigned_to" | "labels">;

export type Account = Schemas["Account"];
export type Activity = Schemas["Activity"];
export type ApiToken = Schemas["ApiToken"];
export type Attachment = Schemas["Attachment"];
export type AuditAction = Schemas["AuditAction"];
export type AuditEntry = Schemas["AuditEntry"];
export type Change = Schemas["Changes"]["items"][number];
export type Comment = Schemas["Comment"];
export type DeadLetter = Schemas["DeadLetterSummary"];
export type FormUpload = Schemas["FormUpload"];
export type Import = Schemas["Import"];
export type ImportFormat = Schemas["ImportFormat"];
export type Invitation = Schemas["Invitation"];
export type Label = Schemas["Label"];
export type LedgerMail = Schemas["LedgerMail"];
export type MailState = Schemas["MailState"];
export type Notification = Schemas["Notification"];
export type Member = Schemas["Member"];
export type MultipartUpload = Schemas["MultipartUpload"];
export type NewImport = Schemas["NewImport"];
export type NewProject = Schemas["NewProject"];
export type Notifications = Schemas["Notifications"];
export type Problem = Schemas["Problem"];
export type ProfilePatch = Schemas["ProfilePatch"];
export type Project = Schemas["CountedProject"];
export type ProjectDuplicate = Schemas["ProjectDuplicate"];
export type ProjectDetails = Schemas["ProjectDetails"];
export type Relation = Schemas["Relation"];
export type RelationKind = Schemas["RelationKind"];
export type Reminder = Schemas["Reminder"];
export type ProjectPatch = Schemas["ProjectPatch"];
export type Role = Schemas["Role"];
export type Scope = Schemas["Scope"];
export type JobState = Schemas["JobState"];
export type Session = Schemas["Session"];
export type StaffAccount = Schemas["StaffAccount"];
export type Statistics = Schemas["Statistics"];
export type Task = Schemas["Task"];
export type TaskCard = WithIds<Schemas["TaskCard"]>;
export type TaskFilter = Schemas["TaskFilter"];
export type TaskPatch = Schemas["TaskPatch"];
export type TaskPriority = Schemas["TaskPriority"];
export type TaskStatus = Schemas["TaskStatus"];
export type View = Schemas["View"];
export type Webhook = Schemas["Webhook"];
export type WebhookDelivery = Schemas["Delivery"];
export type WebhookEvent = Schemas["WebhookEvent"];

export type TaskQuery = NonNullable<operations["listTasks"]["parameters"]["query"]>;
