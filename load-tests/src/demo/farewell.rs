use crate::installation::Installation;

/// What is running, what to try, and how to stop it.
pub(super) fn say(installation: &Installation, quizzes: &[String]) {
    let quiz = quizzes.first().map_or("emagrecimento", String::as_str);
    let Installation { edge, admin, edge_private, .. } = installation;
    println!(
        "
Running:
  edge, public          http://{edge}/quiz/{quiz}
  admin API             http://{admin}/api/quizzes
  metrics of the edge   http://{edge_private}/metrics
  schema registry       {registry}
  Kafka {kafka}, CQL {cql} (keyspace {keyspace}), {postgres}

Try:
  target/release/vendzz stats {quiz}
  target/release/vendzz stats {quiz} --watch
  target/release/vendzz lag
  target/release/vendzz tail quiz.submission.v1
  curl -s http://{edge}/quiz/{quiz} | head -c 400
(`. infra/local/env` first, if the ports are not the usual ones)

Stop with `make down` (keeps the data) or `make clean` (removes it).",
        registry = installation.registry_url,
        kafka = installation.kafka_bootstrap,
        cql = installation.cql_nodes.join(", "),
        keyspace = installation.cql_keyspace,
        postgres = installation.postgres_url,
    );
}

pub(super) fn say_interrupted() {
    println!(
        "\ninterrupted: nothing more is sent. Servers and services go on running; `make status` shows them, `make down` stops them."
    );
}
