-- The claim of a slot (domain/claims.ts): its number stands in `claim`; beside it what is under way, and when a better bound
-- holds. Strays belong to the claim.
alter table stock_slots drop column claim_sales;
alter table stock_slots add column claim_state jsonb, add column settle_at timestamptz;
create index stock_slots_settle on stock_slots (account_id, settle_at) where settle_at is not null;
drop table slot_strays;

-- A channel lists orders by their last change, and not those changed a moment ago: one pull can miss an old sale that was
-- changed just then. Two pulls whose blind moments do not meet miss it only if it was changed in both.
alter table cursors add column sales_known timestamptz, add column sales_seen timestamptz, add column sales_seen_at timestamptz;
