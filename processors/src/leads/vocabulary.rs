//! The words that the rules know, folded (no accents, small letters), in pt, en and es.

/// Whether a folded word is one of these. The lists are short and their words too; a scan is quick enough,
/// since only texts with a candidate, and each label once, are read word by word.
pub(super) fn is_in(list: &[&str], word: &str) -> bool {
    list.contains(&word)
}

pub(super) const EMAIL_NOUNS: &[&str] = &["email", "emails", "mail", "correo", "correos"];

#[rustfmt::skip]
pub(super) const PHONE_NOUNS: &[&str] = &[
    "telefone", "telefones", "tel", "fone", "celular", "cel", "whatsapp", "whatsap", "watsapp", "whats",
    "wpp", "wapp", "zap", "zapzap", "ddd", "phone", "telephone", "cellphone", "telefono", "movil", "fixo",
    "fijo", "smartphone",
];

/// Phones too, but only beside another word for it (`cell-based`, `mobile app`).
pub(super) const PHONE_NOUNS_BESIDE: &[&str] = &["cell", "mobile"];

/// Words for a contact of any kind.
pub(super) const CONTACT_NOUNS: &[&str] =
    &["contato", "contatos", "contact", "contacto", "numero", "number", "endereco", "address"];

/// People and desks that are not the respondent.
pub(super) const OTHER_PEOPLE: &[&str] = &[
    "moca",
    "rapaz",
    "menina",
    "chica",
    "chico",
    "girl",
    "guy",
    "lady",
    "pessoa",
    "person",
    "persona",
    "superior",
    "acompanhante",
    "acompanante",
    "treinador",
    "treinadora",
    "enfermeira",
    "lider",
    "presidente",
    // pt
    "chefe",
    "gerente",
    "gestor",
    "diretor",
    "diretora",
    "patrao",
    "patroa",
    "supervisor",
    "supervisora",
    "amigo",
    "amiga",
    "amigos",
    "amigas",
    "colega",
    "colegas",
    "vizinho",
    "vizinha",
    "mae",
    "pai",
    "marido",
    "esposa",
    "esposo",
    "mulher",
    "companheiro",
    "companheira",
    "conjuge",
    "namorado",
    "namorada",
    "noivo",
    "noiva",
    "parceiro",
    "parceira",
    "filho",
    "filha",
    "filhos",
    "filhas",
    "irmao",
    "irma",
    "irmaos",
    "irmas",
    "primo",
    "prima",
    "tio",
    "tia",
    "avo",
    "sogro",
    "sogra",
    "cunhado",
    "cunhada",
    "neto",
    "neta",
    "sobrinho",
    "sobrinha",
    "padrinho",
    "madrinha",
    "familiar",
    "parente",
    "medico",
    "medica",
    "dentista",
    "nutricionista",
    "psicologo",
    "psicologa",
    "terapeuta",
    "advogado",
    "advogada",
    "contador",
    "contadora",
    "corretor",
    "corretora",
    "vendedor",
    "vendedora",
    "atendente",
    "secretaria",
    "secretario",
    "assistente",
    "socio",
    "socia",
    "professor",
    "professora",
    "personal",
    "sindico",
    "indicado",
    "indicada",
    "padrasto",
    "madrasta",
    "enteado",
    "enteada",
    "funcionario",
    "funcionaria",
    "fornecedor",
    "cuidador",
    "cuidadora",
    "alguem",
    "outra",
    "suporte",
    "sac",
    "atendimento",
    "ouvidoria",
    "emergencia",
    "referencia",
    "testemunha",
    "fiador",
    // en
    "boss",
    "manager",
    "supervisor",
    "friend",
    "friends",
    "coworker",
    "colleague",
    "neighbor",
    "neighbour",
    "mother",
    "mom",
    "mum",
    "father",
    "dad",
    "husband",
    "wife",
    "spouse",
    "partner",
    "boyfriend",
    "girlfriend",
    "fiance",
    "fiancee",
    "son",
    "daughter",
    "child",
    "kid",
    "kids",
    "children",
    "brother",
    "sister",
    "cousin",
    "uncle",
    "aunt",
    "grandmother",
    "grandfather",
    "doctor",
    "physician",
    "dentist",
    "lawyer",
    "attorney",
    "accountant",
    "agent",
    "realtor",
    "salesman",
    "seller",
    "assistant",
    "secretary",
    "coach",
    "teacher",
    "support",
    "helpdesk",
    "emergency",
    "referral",
    "referee",
    "landlord",
    "nurse",
    "therapist",
    "desk",
    "someone",
    "somebody",
    // es
    "jefe",
    "jefa",
    "compadre",
    "companero",
    "companera",
    "vecino",
    "vecina",
    "madre",
    "mama",
    "padre",
    "papa",
    "esposos",
    "pareja",
    "novio",
    "novia",
    "hijo",
    "hija",
    "hijos",
    "hijas",
    "hermano",
    "hermana",
    "hermanos",
    "tios",
    "abuelo",
    "abuela",
    "suegro",
    "suegra",
    "primos",
    "abogado",
    "abogada",
    "doctora",
    "vendedora",
    "soporte",
    "atencion",
    "socios",
    "maestra",
    "maestro",
    "profesor",
    "profesora",
    "alguien",
    "referido",
];

/// Third persons, in a text or a label.
pub(super) const THIRD_PERSON: &[&str] =
    &["dele", "dela", "deles", "delas", "his", "her", "their", "theirs", "suyo", "suya", "ella"];

/// Somebody sent or may send somebody.
#[rustfmt::skip]
pub(super) const REFERRALS: &[&str] = &[
    "nominate", "nominee", "invito", "convidou", "convido", "invited", "apresentou", "presento", "indicou",
    "indicaram", "indicado", "indicacao", "indicacoes", "indique", "indicar", "indicaria", "indica",
    "recomendou", "recomendaram", "recomende", "recomendar", "recomendaria", "referred", "refer",
    "referral", "recommended", "recommend", "recomendo", "recomendaron", "recomienda", "recomiendas",
    "recomendacao", "recomendacion", "referiu",
];

/// Numbers that are not phones.
#[rustfmt::skip]
pub(super) const OTHER_NUMBERS: &[&str] = &[
    "pedido", "pedidos", "protocolo", "nota", "nf", "nfe", "cpf", "cnpj", "rg", "cnh", "cep", "pis", "nis",
    "codigo", "cod", "rastreio", "rastreamento", "rastrear", "objeto", "encomenda", "boleto", "cartao",
    "conta", "agencia", "documento", "matricula", "inscricao", "processo", "contrato", "id", "ref", "serie",
    "serial", "imei", "isbn", "ean", "sku", "lote", "chassi", "placa", "renavam", "apolice", "reserva",
    "compra", "fatura", "cliente", "chave", "senha", "titulo", "order", "invoice", "tracking", "ticket",
    "card", "account", "reference", "booking", "reservation", "ssn", "passport", "code", "contract",
    "policy", "case", "vin", "zip", "receipt", "transaction", "factura", "dni", "nif", "nie", "curp", "rfc",
    "tarjeta", "cuenta", "seguimiento", "guia", "envio", "folio", "iban", "poliza", "recibo", "rut", "cuit",
    "cedula", "reclamo", "expediente",
];

pub(super) const PIX: &[&str] = &["pix"];

/// What is counted by the number before it.
#[rustfmt::skip]
pub(super) const UNITS: &[&str] = &[
    "reais", "real", "mil", "milhoes", "km", "kg", "g", "m", "cm", "dolares", "dollars", "euros", "pesos",
    "usd", "brl", "pessoas", "people", "personas", "unidades", "vezes", "anos", "years", "dias", "days",
];

/// My, mine.
pub(super) const MINE: &[&str] = &["meu", "minha", "meus", "minhas", "my", "mine", "mi", "mis", "mio", "mia"];

/// To or with me.
pub(super) const TO_ME: &[&str] = &["comigo", "mim", "conmigo"];

/// Your, in a question.
pub(super) const YOURS: &[&str] = &["seu", "sua", "seus", "teu", "tua", "your", "tu", "tus", "su", "vosso"];

/// Which one of several is meant: may stand between `my` and the noun.
#[rustfmt::skip]
pub(super) const QUALITIES: &[&str] = &[
    "melhor", "novo", "nova", "outro", "principal", "best", "new", "other", "main", "mejor", "nuevo",
    "otro", "numero", "number", "de", "do", "primary", "personal", "pessoal", "work", "contact", "contato",
    "corporativo", "profissional", "address", "endereco", "direccion",
];

/// Asks to be called or written to.
#[rustfmt::skip]
pub(super) const CALLS: &[&str] = &[
    "escribirme", "llamarme", "contactarme", "enviarme", "liga", "ligue", "liguem", "ligar", "chama",
    "chame", "chamem", "chamar", "manda", "mande", "mandem", "mandar", "envia", "envie", "enviem", "enviar",
    "escreve", "escreva", "escrevam", "escrever", "responda", "respondam", "responder", "retorna",
    "retorne", "retornem", "retornar", "contata", "contate", "contatem", "contatar", "encontra", "acha",
    "add", "adiciona", "call", "reach", "write", "send", "ping", "reply", "llama", "llamen", "llamame",
    "llamenme", "escribe", "escriban", "escribeme", "escribanme", "mandame", "mandenme", "enviame",
    "envienme", "contactame", "contactenme", "avisame", "respondeme", "responde", "contacten", "passa",
    "avisa", "avise", "avisem",
];

/// The respondent tells what was done with an address, which is then the other side's.
pub(super) const TOLD: &[&str] = &[
    "says",
    "said",
    "diz",
    "dizia",
    "disse",
    "dice",
    "dijo",
    "atendio",
    "atendeu",
    "pediu",
    "pidio",
    "usando",
    "using",
    "clonaram",
    "vi",
    "saw",
    "anuncio",
    "quem",
    "quien",
    "who",
    "from",
    "recebi",
    "recebemos",
    "chegou",
    "escrevi",
    "mandei",
    "liguei",
    "enviei",
    "falei",
    "wrote",
    "emailed",
    "called",
    "received",
    "got",
    "texted",
    "contacted",
    "escribi",
    "llame",
    "recibi",
    "hable",
    "voces",
    "vcs",
    "ustedes",
    "atende",
    "atendem",
    "enviaram",
    "mandaram",
    "ligaram",
];

/// Asks to speak with somebody, who may be named next.
#[rustfmt::skip]
pub(super) const SPEAK_WITH: &[&str] = &[
    "pregunten", "pregunte", "pregunta", "perguntem", "pergunte", "pergunta", "fale", "falem", "falar",
    "fala", "ligue", "liguem", "ligar", "liga", "chame", "chamem", "chamar", "procure", "procurem",
    "procurar", "contate", "contatem", "contact", "call", "ask", "talk", "speak", "email", "habla", "hable",
    "hablen", "hablar", "llame", "llamen", "llama", "avise", "avisem",
];

/// Little words between a verb or a noun and whom it is about.
#[rustfmt::skip]
pub(super) const LITTLE: &[&str] = &[
    "por", "o", "a", "os", "as", "com", "para", "pra", "pro", "do", "da", "de", "dos", "das", "um", "uma",
    "the", "to", "for", "with", "of", "el", "la", "los", "las", "con", "al", "del", "un", "una", "seu",
    "sua", "tu", "su", "your", "meu", "minha", "my", "mi", "algum", "alguma", "melhor", "whoever", "quem",
    "quien", "seus", "suas", "sus", "tus", "an", "some", "in", "no", "na",
];

pub(super) const OF: &[&str] = &["do", "da", "de", "dos", "das", "del", "of"];

#[rustfmt::skip]
pub(super) const OUTDATED: &[&str] = &[
    "antigo", "antiga", "velho", "velha", "anterior", "errado", "errada", "old", "previous", "wrong",
    "former", "viejo", "vieja", "antiguo", "equivocado", "incorreto", "desativado",
];

#[rustfmt::skip]
pub(super) const CORRECTED: &[&str] = &[
    "novo", "nova", "certo", "correto", "atual", "new", "correct", "right", "current", "nuevo", "correcto",
    "actual", "use",
];

/// Says that what went before belongs to what follows: `x@y.com é o da minha filha`.
pub(super) const IS: &[&str] =
    &["e", "eh", "is", "es", "era", "was", "pertence", "belongs", "da", "do", "of", "del"];

/// Verbs of writing that are nouns too: they count only beside `me`.
pub(super) const CALLS_OF_ME: &[&str] = &["email", "text", "message", "whatsapp", "dm", "contact"];

/// `conhece alguém que …?`: asks for somebody else.
pub(super) const KNOWS: &[&str] = &["conhece", "conheces", "conoces", "know"];

#[rustfmt::skip]
pub(super) const SOMEBODY: &[&str] = &[
    "alguem", "alguien", "someone", "somebody", "anyone", "anybody", "quem", "amigo", "amiga", "amigos",
    "amigas", "friend", "friends",
];

/// Things that have names.
#[rustfmt::skip]
pub(super) const THINGS: &[&str] = &[
    "empresa", "negocio", "loja", "marca", "produto", "pet", "cachorro", "gato", "bicho", "curso",
    "projeto", "site", "perfil", "livro", "filme", "time", "equipe", "escola", "faculdade", "igreja", "rua",
    "cidade", "servico", "banda", "grupo", "canal", "barco", "bebe", "business", "company", "brand",
    "product", "dog", "cat", "team", "school", "project", "website", "baby", "book", "street", "city",
    "mascota", "tienda", "producto", "perro", "proyecto", "escuela", "colegio", "libro", "ciudad", "calle",
    "equipo",
];

/// Places and desks: a contact of theirs is said as `o whatsapp da loja`, `a loja é …`.
#[rustfmt::skip]
pub(super) const DESK_NOUNS: &[&str] = &[
    "loja", "empresa", "clinica", "consultorio", "escola", "recepcao", "portaria", "financeiro",
    "escritorio", "site", "banco", "hospital", "imobiliaria", "contabilidade", "juridico", "rh", "store",
    "shop", "office", "clinic", "company", "reception", "bank", "school", "tienda", "oficina", "recepcion",
    "colegio",
];

/// Infinitives: asked of the reader (`podem ligar no …`), or told of somebody (`meu advogado vai ligar do …`).
pub(super) const INFINITIVES: &[&str] =
    &["ligar", "chamar", "mandar", "enviar", "escrever", "responder", "retornar", "contatar"];
