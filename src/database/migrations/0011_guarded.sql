-- Claims of a variant's slots against what is available to promise (P-10). Only facts raise `uncovered`; a send that would
-- claim more than there is breaks the constraint. Slots of accounts that another tool still writes to are not counted.
alter table pool_levels
  add column claimed bigint not null default 0 check (claimed >= 0),
  -- Slots whose claim is not known: nothing is raised anywhere while there is one.
  add column unknown_claims int not null default 0 check (unknown_claims >= 0),
  add column mode text not null default 'guarded' check (mode in ('guarded', 'adaptive', 'shared'));
update pool_levels p set claimed = t.claimed, unknown_claims = t.unknown,
    uncovered = greatest(0, t.claimed - (p.on_hand - p.unsellable - p.reserved - p.allocated))
  from (
    select v.component, coalesce(sum(greatest(s.claim, 0) * s.units_per_sale * v.quantity), 0)::bigint as claimed,
        count(*) filter (where s.claim is null)::int as unknown
      from (select id as component, id as variant, 1 as quantity from variants
        union all select variant_id, kit_id, quantity from kit_parts) v
      join stock_slots s on s.variant_id = v.variant and s.merchant_fulfilled
      join accounts a on a.id = s.account_id and a.stage in ('live', 'paused')
      group by v.component) t
  where p.variant_id = t.component;
alter table pool_levels add constraint claims_covered
  check (mode <> 'guarded' or claimed <= on_hand - unsellable - reserved - allocated + uncovered);

alter table stock_slots
  -- How fast it sells (domain/demand.ts).
  add column demand jsonb,
  -- Why it should show what its wish says, beyond its publishing rules.
  add column reason text,
  -- The wish may not leave yet: units are bound by claims that have not settled.
  add column waits boolean not null default false;

-- What the pump looks at: a wish that differs from what stands there, or a slot whose claim is to be counted anew by a 0.
alter table stock_slots drop column dirty;
alter table stock_slots add column dirty boolean generated always as
  (wish is not null and variant_id is not null and merchant_fulfilled is true
    and (wish is distinct from coalesce(live_value, confirmed_value) or (reason = 'alarm' and live_value is null and not waits))) stored;
create index stock_slots_dirty on stock_slots (account_id, urgency, wish_at) where dirty;
