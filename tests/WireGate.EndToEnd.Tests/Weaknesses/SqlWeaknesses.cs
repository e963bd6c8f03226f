using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>What patterns and scanners make of SQL, and PostgreSQL does not. The target allows everything but what a rule denies.</summary>
internal sealed class SqlWeaknesses
{
    private RawSession _session = null!;

    [OneTimeSetUp]
    public async Task OpenAsync() => _session = await WeaknessHouse.OpenAsync("guarded");

    [OneTimeTearDown]
    public ValueTask CloseAsync() => _session.DisposeAsync();

    // clawpatrol #143, 1: the verb.
    [TestCase("drop/**/table t")]
    [TestCase("drop;drop table t")]
    [TestCase(";;  truncate t")]
    [TestCase("/* select */ truncate t")]
    [TestCase("-- select\ndrop table t")]
    [TestCase("select 1;delete from t")]
    [TestCase("with x as (delete from t returning *) select * from x")]
    [TestCase("explain analyze delete from t")]
    [TestCase("prepare p as delete from t")]
    [TestCase("\fdelete\vfrom t")]
    public async Task A_verb_is_found_wherever_it_stands(string sql) => await DeniedAsync(sql);

    // clawpatrol #143, 2: the tables.
    [TestCase("select*from secret")]
    [TestCase("select a from t,secret")]
    [TestCase("select a from t cross join secret s")]
    [TestCase("select * from(select * from secret)x")]
    [TestCase("select (select max(a) from public.secret)")]
    [TestCase("select a from \"secret\"")]
    [TestCase("select a from U&\"\\0073ecret\"")]
    [TestCase("select a from SeCrEt")]
    [TestCase("select a from public . secret")]
    [TestCase("select a from/**/secret")]
    [TestCase("select a from only secret")]
    [TestCase("table secret")]
    [TestCase("update only secret set a = 1")]
    [TestCase("alter table secret add b int")]
    [TestCase("copy secret to stdout")]
    [TestCase("lock secret")]
    [TestCase("create table public.secret2 (like secret)")]
    [TestCase("create view v as select * from secret")]
    [TestCase("insert into t select a from secret")]
    [TestCase("merge into t using secret s on s.a = t.a when matched then do nothing")]
    public async Task A_table_is_found_however_it_is_written(string sql) => await DeniedAsync(sql);

    // clawpatrol #143, 3: the functions; hoop-inspect: "SELECT f()" is its declared blind spot.
    [TestCase("select risky()")]
    [TestCase("select public.risky()")]
    [TestCase("select \"risky\" ()")]
    [TestCase("select 1 from risky()")]
    [TestCase("select 1 where 1 = risky()")]
    [TestCase("call risky()")]
    public async Task A_function_is_found_with_its_schema(string sql) => await DeniedAsync(sql);

    // clawpatrol #143, the false alarms; hoop's guardrails: words within literals and comments; hoop-inspect: what BI tools name their columns.
    [TestCase("select 'drop table secret'")]
    [TestCase("select $q$ truncate t; delete from secret $q$")]
    [TestCase("select 1 /* drop table secret */ -- truncate t")]
    [TestCase("select a as secret, a as \"delete\" from t")]
    [TestCase("select exists (select 1), 1 in (1, 2)")]
    [TestCase("values (1, 'risky()')")]
    [TestCase("with secret as (select 1 as a) select a from secret")]
    [TestCase("select has_table_privilege('t', 'delete') as delete")]
    [TestCase("select extract(year from date '2024-01-01')")]
    [TestCase("select trim(both from 'secret'), substring('secret' from 1)")]
    [TestCase("select a is distinct from 1 from t")]
    public async Task A_word_that_does_nothing_denies_nothing(string sql)
    {
        string answer = await _session.AskAsync(sql);

        Assert.That(answer, Does.StartWith("T ").And.EndsWith("ZI"), sql);
    }

    // hoop-inspect (hoop 6.1 i): with its recommended rule against "unknown" the answer to every SELECT is denied, too.
    [Test]
    public async Task A_rule_against_what_is_unknown_does_not_deny_the_answers_of_what_is_known()
    {
        Assert.That(await _session.AskAsync("select a from t"), Is.EqualTo("T D(1) C(SELECT 1) ZI"));
        Assert.That(await _session.AskAsync("do $$ begin end $$"), Is.EqualTo("E42501 ZI"));
    }

    // octelium, hoop's guardrails: only the first message of what is read at once is looked at.
    [Test]
    public async Task Every_message_of_one_packet_is_judged()
    {
        string answers = await _session.AskAsync(4, Query("select a from t"), Query("table secret"), Run("select risky()"), Sync, Run("select a from t"), Sync);

        Assert.That(answers, Is.EqualTo("T D(1) C(SELECT 1) ZI E42501 ZI E42501 ZI 1 2 D(1) C(SELECT 1) ZI"));
    }

    private async Task DeniedAsync(string sql)
    {
        Assert.That(await _session.AskAsync(sql), Is.EqualTo("E42501 ZI"), "simple");
        Assert.That(await _session.AskAsync(1, Run(sql), Sync), Is.EqualTo("E42501 ZI"), "extended");
        Assert.That(await WeaknessHouse.CountAsync("t"), Is.EqualTo(1), "nothing has happened");
    }
}
