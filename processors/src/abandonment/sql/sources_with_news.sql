-- Sources of quiz.progress.v1 ($1) that the projector has folded further than they were taken in.
SELECT folded.incarnation, folded.partition, folded.resume_offset
FROM state_v1.projection_offset AS folded
LEFT JOIN abandonment_v1.intake AS taken USING (incarnation, partition)
WHERE folded.topic = $1 AND folded.resume_offset > COALESCE(taken.through, -1)
ORDER BY folded.incarnation, folded.partition
