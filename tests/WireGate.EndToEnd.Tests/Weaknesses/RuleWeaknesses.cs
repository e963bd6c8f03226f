using WireGate.EndToEnd.Tests.Harness;
using static WireGate.EndToEnd.Tests.Harness.RawSession;
using static WireGate.EndToEnd.Tests.Weaknesses.WeaknessHouse;

namespace WireGate.EndToEnd.Tests.Weaknesses;

/// <summary>What rules mean for a session, and what a client cannot say of itself.</summary>
internal sealed class RuleWeaknesses
{
    // clawpatrol, skybridge, hoop-inspect (hoop 6.1 n): what no rule names passes.
    [TestCase("select a from t")]
    [TestCase("insert into t values (1)")]
    [TestCase("select pg_sleep(0)")]
    [TestCase("set role postgres")]
    public async Task Without_a_rule_for_its_target_nothing_passes(string sql)
    {
        await using RawSession session = await OpenAsync("ruleless");

        Assert.That(await session.AskAsync(sql), Is.EqualTo("E42501 ZI"));
        Assert.That(await session.AskAsync(1, Run(sql), Sync), Is.EqualTo("E42501 ZI"));
    }

    // hoop (#1112, #1446): rules that were given do not always come to bear.
    [TestCase("Reports", "E42501 ZI")]
    [TestCase("psql", "T D(1) C(SELECT 1) ZI")]
    public async Task A_rule_about_an_application_comes_to_bear(string application, string expected)
    {
        await using RawSession session = await RawSession.OpenAsync(await ToAsync("orders"), ("application_name", application));

        Assert.That(await session.AskAsync("select 1"), Is.EqualTo(expected));
    }

    // PgBeam counts queries: one that is prepared, bound and run is one.
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_limit_counts_an_operation_once(bool isSimple)
    {
        await using RawSession session = await OpenAsync("orders");
        byte[][] messages = isSimple ? [Query("select a from few")] : [Run("select a from few"), Sync];

        Assert.That(await session.AskAsync(1, messages), Does.EndWith("C(SELECT 0) ZI"));
        Assert.That(await session.AskAsync(1, messages), Does.EndWith("C(SELECT 0) ZI"), "two are allowed");
        Assert.That(await session.AskAsync(1, messages), Does.EndWith("E42501 ZI"));
    }

    // hoop (3.3): a client that says "gateway.has_review" is taken for one that was reviewed.
    [Test]
    public async Task A_client_cannot_say_of_itself_that_it_was_approved()
    {
        Endpoint endpoint = await ToAsync("orders");
        foreach (string name in (string[])["wiregate.approved", "gateway.has_review", "approval"])
        {
            InvalidOperationException? refused = Assert.ThrowsAsync<InvalidOperationException>(() => RawSession.OpenAsync(endpoint, (name, "true")));
            Assert.That(refused!.Message, Does.Contain("is not allowed"));
        }

        await using RunningProcess psql = Psql(endpoint, "/* approved */ INSERT INTO held VALUES (1)");
        string id = await IdAsync(psql);

        (await Gateway.CommandAsAsync(Approver, "approval", "deny", id, "--reason", "no")).Succeeded();
        Assert.That(await psql.WaitForExitAsync(), Is.Not.Zero);
        Assert.That(await CountAsync("held"), Is.Zero);
    }

    // cloak (2.8, 4): parameters of the start are copied through.
    [TestCase("options", "-c role=postgres")]
    [TestCase("options", "-c session_authorization=postgres")]
    [TestCase("options", "--session_replication_role=replica")]
    [TestCase("role", "postgres")]
    [TestCase("replication", "database")]
    [TestCase("session_preload_libraries", "x")]
    public async Task A_parameter_of_the_start_that_changes_what_a_session_is_is_refused(string name, string value)
    {
        Endpoint endpoint = await ToAsync("orders");

        Assert.ThrowsAsync<InvalidOperationException>(() => RawSession.OpenAsync(endpoint, (name, value)));
    }

    // hoop-inspect (2.7), octelium, clawpatrol: a denial ends the session, lies about the transaction, or hangs.
    [Test]
    public async Task A_denial_in_a_transaction_leaves_the_session_and_tells_the_truth()
    {
        await using RawSession session = await OpenAsync("guarded");
        foreach (byte[][] denied in (byte[][][])[[Query("table secret")], [Run("table secret"), Sync]])
        {
            await session.AskAsync("begin");
            Assert.That(await session.AskAsync(1, denied), Is.EqualTo("E42501 ZE"));
            Assert.That(await session.AskAsync("select 1"), Is.EqualTo("E25P02 ZE"));
            Assert.That(await session.AskAsync("commit and chain"), Is.EqualTo("C(ROLLBACK) ZT"));
            Assert.That(await session.AskAsync("commit"), Is.EqualTo("C(COMMIT) ZI"));
        }
    }
}
