INSERT INTO abandonment_v1.intake (incarnation, partition, through) VALUES ($1, $2, -1) ON CONFLICT DO NOTHING
