/** Notifications and the queue they lie in: the fields we use (models notifications, SQS's JSON protocol). */
import { z } from 'zod'

export const queueMessages = z.object({
  Messages: z.array(z.object({ ReceiptHandle: z.string().min(1), Body: z.string() })).optional(),
})
export const queueAttributes = z.object({ Attributes: z.record(z.string(), z.string()).optional() })
export const sentMessage = z.object({ MessageId: z.string() })
export const queueTrouble = z.object({ __type: z.string() })

const destination = z.object({
  destinationId: z.string(),
  resource: z.object({ sqs: z.object({ arn: z.string() }).optional() }),
})
export const destinations = z.object({ payload: z.array(destination).optional() })
export const createdDestination = z.object({ payload: z.object({ destinationId: z.string() }) })
export const subscription = z.object({
  payload: z.object({ subscriptionId: z.string(), destinationId: z.string(), payloadVersion: z.string() }),
})

/** Some types begin their names with small letters, others with capitals (facts §7). */
const metadata = z.object({ NotificationId: z.string().min(1) })
const smallMetadata = z.object({ notificationId: z.string().min(1) })
export const notification = z.union([
  z
    .object({
      NotificationType: z.string().min(1),
      EventTime: z.string().optional(),
      NotificationMetadata: metadata,
      Payload: z.unknown().optional(),
    })
    .transform((one) => ({
      type: one.NotificationType,
      at: one.EventTime,
      id: one.NotificationMetadata.NotificationId,
      payload: one.Payload,
    })),
  z
    .object({
      notificationType: z.string().min(1),
      eventTime: z.string().optional(),
      notificationMetadata: smallMetadata,
      payload: z.unknown().optional(),
    })
    .transform((one) => ({
      type: one.notificationType,
      at: one.eventTime,
      id: one.notificationMetadata.notificationId,
      payload: one.payload,
    })),
])
/** A rule of EventBridge may put its notifications into the same queue. */
export const envelope = z.object({ 'detail-type': z.string(), detail: z.unknown().optional() })
export const orderChange = z.object({ OrderChangeNotification: z.object({ AmazonOrderId: z.string().min(1) }) })
export const testMessage = z.object({ entrepotTest: z.string().min(1).max(100) })
