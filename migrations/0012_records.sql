-- A record says what a reader needs at once, and gives the digests of the verdict and the approvals, which are here,
-- compressed. Records of version 1 contain both, and have none.
ALTER TABLE decisions ADD COLUMN details BYTEA;

-- Whether the bytes of a document are compressed; those of earlier versions are not.
ALTER TABLE evidence ADD COLUMN packed BIGINT NOT NULL DEFAULT 0;
