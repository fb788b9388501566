-- A post that the network has may wait there as a draft, or until a time; all that were published before are live.
ALTER TABLE posts ADD COLUMN standing text CHECK (standing IN ('draft', 'live', 'scheduled'));
