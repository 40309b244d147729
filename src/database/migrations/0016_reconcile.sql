-- How fast a slot sold when its demand was last written (domain/demand.ts), as numbers: a comparison of all slots has no time to
-- read documents. Until its next sale it sells no faster, for its hours only grow.
alter table stock_slots
  add column demand_per_hour double precision generated always as
    ((demand->>'units')::float8 / greatest((demand->>'hours')::float8, 1.0::float8 / 60)) stored,
  add column demand_sales double precision generated always as ((demand->>'sales')::float8) stored,
  add column demand_several double precision generated always as ((demand->>'several')::float8) stored;
