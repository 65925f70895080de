//! Common first names of Brazil, Portugal, the Spanish-speaking countries and the English-speaking ones, folded.
//! Gathered by hand, from no official list. A name that is not here is still found where a question asks for it,
//! and after `me chamo` and its like when it has a capital.

use std::collections::HashSet;
use std::sync::LazyLock;

static FIRST_NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| NAMES.split_whitespace().collect());

pub(super) fn is_first_name(folded: &str) -> bool {
    FIRST_NAMES.contains(folded)
}

const NAMES: &str = "
abigail abraham adalberto adam adao adelaide ademir adilson adriana adriano agatha agustin aidan ailton alan alana
alba albert alberto alejandra alejandro alessandra alessandro alex alexa alexander alexandra alexandre alexis alfredo
alice alicia aline alison allan alvaro alyssa amanda amber amelia amy ana anabel anderson andre andrea andreia andres
andresa andressa andrew andy angel angela angelica angelina angelo anita ann anna anne anthony antonella antonia
antonio aparecida araceli ariana ariane armando arthur artur ashley audrey augusto aurelio aurora austin ava
barbara beatriz belen ben benedito benicio benjamin bento berenice bernardo beth betty bia bianca blanca bob brad
brandon breno brenda brian brianna britney bruna bruno bryan caio camila camilo carina carl carla carlos carmen
carol carolina caroline catarina catherine cauan caua cecilia celia celina celso cesar charles charlotte chloe chris
christian christina christine christopher cibele cicera cicero cida clara clarice clarissa claudia claudinei claudio
cleide cleiton clovis connor consuelo cristian cristiana cristiane cristiano cristina cynthia daiane daisy dalila
damian dan dani daniel daniela daniele danielle danilo dario dave david davi debora deborah deise denis denise
dennis diana diego dinora diogo dirce djalma dolores domingos donald donna dora doris douglas dulce dylan eder edgar
edilson edinaldo edith edna edson eduarda eduardo edward elaine elba elena eliana eliane elias elisa elisabete
elisangela elizabeth ellen elsa elton elvira elza emanuel emerson emilia emiliano emilio emily emma emmanuel enrique
enzo eric erica erick erik erika ernesto esteban estela ester esther ethan eugenia eva evan evandro evelin evelyn
everton fabiana fabiano fabio fabiola fabricio fatima felipe felix fernanda fernando filipa filipe flavia flavio
flora florencia francesca francine francis francisca francisco frank fred frederico gabi gabriel gabriela gabriele
gabriella gael genesis geni geovana geraldo george gerardo gerson gilberto gilmar gilson giovana giovanna giovanni
gisela gisele giselle glaucia gloria gonzalo grace graca graciela gregory guadalupe guilherme guillermo gustavo
hannah harold harry heather hector heitor helen helena helio heloisa henrique henry herminia hilda horacio hugo
humberto iago ian iara igor ilda ines inez ingrid iolanda ira iracema irene iris isaac isabel isabela isabella
isabelle isadora isaias isis ismael israel itamar ivan ivana ivete ivo ivone jack jackson jacob jacqueline jade jaime
jair jairo james jamie jana janaina jane janet janete janice jaqueline jason javier jean jeferson jefferson jennifer
jenny jeremy jerry jessica jesse jesus jim joana joanna joao joaquim joaquin joe joel joelma john johnny jonas
jonathan jordan jorge jose josefa joseph josh joshua josiane josue joyce juan juana juarez judith julia juliana
juliane juliano julie julieta julio jurema jussara justin kaique karen karin karina karine karla kate katherine
kathleen katia kauan keila kelly kelvin kenneth kevin kimberly kyle laercio lais lara larissa laura lauren laurinda
lautaro lavinia lea leandra leandro leila leonardo leonor leo leonel leticia levi leyla lia liam lidia ligia lila
lilian liliana lilly lily lina linda lis lisa livia liz lola lorena lorenzo lourdes luan luana luca lucas lucia
luciana luciano lucila lucimara lucy luis luisa luiz luiza luke luna lurdes luzia lydia magali magda maicon maite
manoel manuel manuela mara marcel marcela marcelo marcia marcio marco marcos marcus margaret margarida margarita maria
mariana mariane mariano marie marilda marilene marilia marina mario marisa marisol marilza mark marlene marli marta
martha martim martin martina mary mateo mateus mathew matheus matias matt matthew maura mauricio mauro max maya mayara
megan melanie melina melissa mercedes mia michael michel michele michelle miguel mike milena milton mirela miriam
moises molly monica monique murilo nadia nair nancy natalia natalie natasha nathalia nathan nayara neide neiva nelly
nelson nestor neusa nicholas nick nicolas nicole nilda nilson nina noah noelia noemi nora norma nubia nuno octavio
odair olga olivia omar oscar osmar osvaldo otavio pablo paloma pamela paola patrice patricia patrick paul paula
paulina paulo pedro peter philip pietra pilar priscila rachel rafa rafael rafaela raimunda raimundo ramiro ramon
ramona raquel raul rebeca rebecca regiane regina reginaldo reinaldo renan renata renato ricardo richard rita robert
roberta roberto robin robson rocio rodolfo rodrigo rogelio roger rogerio roman romeu romulo ronaldo rosa rosana
rosangela rosaria rose roseli rosemary rosilene rosimeire roxana ruben rubens rui ruth ryan sabrina salome salvador
sam samanta samantha samara samira samuel sandra santiago sara sarah saul scott sean sebastian sebastiao selma serena
sergio severino sharon sheila shirley sidnei sierra silas silvana silvia silvio simon simone socorro sofia solange
sonia sophia sophie soraia stefany stella stephanie stephen steve steven sueli susan susana suzana sylvia tadeu tainara
tais talita tamara tamires tania tara tatiana tatiane tati telma teodoro teresa tereza thais thales thalita theo
theodora thiago thomas tiago tim timothy tina toby tom tomas tony tulio ulisses ursula vagner valdemar valdir valentim
valentina valentin valeria valter vanderlei vanessa vania vera vicente victor victoria vilma vinicius violeta virginia
vitor vitoria vivian viviana viviane wagner walace walter wanda washington wellington wendy wesley william wilson
ximena yago yara yasmin yolanda yuri zeca zelia zilda zoe zuleica
dana hazel molly penny bella kayla caitlin amelie noel ezra gui dri nanci keyla wagner sil noeli mirella oliver noelle owen logan mason lucas elijah jayden carter wyatt nolan hunter aaron colin craig derek dean gavin glenn
graham grant ivy jade keith kirsten leon lewis louis louise mabel marian marilyn maureen mitchell morgan naomi neil nigel
nina norman pamela patsy penelope phoebe quentin ralph raymond rebekah rory ross roy russell sally shane shirley sophie
spencer stewart stuart sue ted terry tiffany todd trevor tyler vincent violet walter warren wayne zachary ruby lucy isla
freya poppy evie millie jorginho nando nanda ju juju lu malu duda dudu edu fafa guto guga gui kaka leka lele mari
marilu nete neto paulinha pedrinho rafinha rosinha tato tete toninho vini vivi xande zezinho aline ailton alzira
amaro anisio arlete arlindo benedita benvinda carmelita catia cintia claudete cosme creusa cristovao dalva damiana davina
deolinda dilma dirceu dulcineia edmilson edmundo eduina efigenia eloisa elza erivaldo eunice euclides fatinha felicia
firmino gaspar genivaldo gertrudes gessica gislaine herculano hilton humberta idalina ivanildo ivone izabel jandira
jeane jessika joselito josefina josivaldo jucelino jurandir juvenal karla ketlyn keyla lazaro leidiane lenice lindomar
lucinda luciene luzinete madalena marinalva marluce mirtes moacir natanael neusa nivaldo noemia odete orlando osvaldina
perla quiteria raissa ronaldinho rosalina rosilda rosimar rute sebastiana severina sidney suelen taina tereza terezinha
thalia thayna ubirajara valdete valdirene vanda vitoriano wallace weslei yasmim adela adolfo agustina alma amparo
anastasia arturo asuncion azucena basilio begona blas bruno candela cayetano concepcion concha cruz delfina eladio elvia
encarnacion esperanza eusebio facundo federico fermin fidel gaston guillermina hernan hilario ignacio inmaculada irma
jacinto jacobo jimena joaquina julian lautaro leandra leopoldo luciana macarena maribel marisela maximo mercedes milagros
montserrat nieves nicolas norberto octavia olegario pascual paz pepa pepe paco lola rafaelina refugio rigoberto rosario
rufino salvadora soledad tamara teofilo trinidad valentin veronica yesenia yolanda zacarias diego ivette noemi
";
