//! The admin API: publishing and unpublishing quizzes.
