using System.Collections.Frozen;
using System.Text;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Tests.Messages;

namespace WireGate.Postgres.Tests.Startup;

internal sealed class TargetChoiceTests
{
    private const string Token = "wgp_0123456789_abcdefghijklmnopqrstuvwxyzABCDEF123456";

    private static readonly FrozenDictionary<string, TargetConfig> Targets = new[]
    {
        Target("orders", "main", "shop"),
        Target("billing", "shop"),
        Target("open"),
        Target("clash", "open"),
        Target("web", "web") with { Protocol = "ssh" },
    }.ToFrozenDictionary(t => t.Name);

    [TestCase("alice", "Plain", null, "", "", "alice")]
    [TestCase("alice@orders", "Plain", "orders", "", "", "alice")]
    [TestCase("alice@example.com", "Plain", null, "", "", "alice@example.com")]
    [TestCase("alice@example.com@orders", "Plain", "orders", "", "", "alice@example.com")]
    [TestCase("alice+0123456789", "PlaceholderId", null, "0123456789", "", "alice")]
    [TestCase("alice+0123456789@orders", "PlaceholderId", "orders", "0123456789", "", "alice")]
    [TestCase("alice+tag+0123456789", "PlaceholderId", null, "0123456789", "", "alice+tag")]
    [TestCase("alice+012345678", "Plain", null, "", "", "alice+012345678")]
    [TestCase("alice+01234_6789", "Plain", null, "", "", "alice+01234_6789")]
    [TestCase("alice+0123456789@nowhere", "Plain", null, "", "", "alice+0123456789@nowhere")]
    [TestCase(Token, "Placeholder", null, "0123456789", Token, "")]
    [TestCase(Token + "@orders", "Placeholder", "orders", "0123456789", Token, "")]
    [TestCase(Token + "@nowhere", "Plain", null, "", "", "")]
    [TestCase(Token + "x", "Plain", null, "", "", "")]
    [TestCase("@orders", "Plain", "orders", "", "", "")]
    [TestCase("alice@", "Plain", null, "", "", "alice@")]
    public void Takes_a_user_name_apart(string text, string kind, string? target, string id, string token, string label)
    {
        UserName user = UserName.Parse(Encoding.UTF8.GetBytes(text), Targets.ContainsKey);
        Assert.That(user.Kind.ToString(), Is.EqualTo(kind));
        Assert.That(user.Target, Is.EqualTo(target));
        Assert.That(Encoding.UTF8.GetString(user.Id.Span), Is.EqualTo(id));
        Assert.That(Encoding.UTF8.GetString(user.Token.Span), Is.EqualTo(token));
        Assert.That(Encoding.UTF8.GetString(user.Label.Span), Is.EqualTo(label));
    }

    [Test]
    public void What_may_be_a_placeholder_is_never_asked_for_as_a_target() =>
        UserName.Parse(Encoding.UTF8.GetBytes("alice@" + Token), _ => throw new AssertionException("It became a string."));

    // listener's target | user | database | target and the upstream's database, or the outcome
    [TestCase("orders", "alice", "main", "orders/main", TestName = "The_listeners_target")]
    [TestCase("orders", "alice", "shop", "orders/shop", TestName = "The_listeners_target_has_the_word_on_a_shared_database")]
    [TestCase("orders", "alice@orders", "main", "orders/main", TestName = "The_listeners_target_named_again")]
    [TestCase("orders", "alice@billing", "shop", "Ambiguous", TestName = "A_user_name_cannot_leave_the_listeners_target")]
    [TestCase("orders", "alice", "other", "UnknownDatabase", TestName = "A_database_that_the_target_does_not_serve")]
    [TestCase("gone", "alice", "main", "UnknownTarget", TestName = "A_listener_whose_target_is_gone")]
    [TestCase(null, "alice@billing", "shop", "billing/shop", TestName = "The_target_of_the_user_name")]
    [TestCase(null, "alice@web", "web", "UnknownTarget", TestName = "A_target_of_another_protocol")]
    [TestCase(null, "alice", "orders", "orders/main", TestName = "A_targets_name_stands_for_its_first_database")]
    [TestCase(null, "alice", "main", "orders/main", TestName = "A_database_of_one_target")]
    [TestCase(null, "alice", "shop", "Ambiguous", TestName = "A_database_of_two_targets")]
    [TestCase(null, "alice", "open", "Ambiguous", TestName = "A_name_of_one_target_and_a_database_of_another")]
    [TestCase(null, "alice", "web", "UnknownTarget", TestName = "A_name_of_a_target_of_another_protocol")]
    [TestCase(null, "alice", null, "UnknownTarget", TestName = "Nothing_named")]
    [TestCase(null, "orders", null, "orders/main", TestName = "A_plain_user_name_is_the_database_by_default")]
    [TestCase("orders", "alice", null, "orders/main", TestName = "No_database_named_is_the_first")]
    [TestCase("orders", "alice", "alice", "orders/main", TestName = "The_user_name_filled_in_by_a_driver_is_the_first")]
    [TestCase("orders", Token, Token, "orders/main", TestName = "A_placeholder_filled_in_by_a_driver_is_the_first")]
    [TestCase("open", "alice", "any", "open/any", TestName = "A_target_without_a_list_serves_any")]
    [TestCase("open", "alice", "alice", "open/alice", TestName = "A_plain_user_name_is_any_too")]
    [TestCase("open", Token, null, "UnknownDatabase", TestName = "A_placeholder_never_is_a_database")]
    [TestCase("open", "alice+0123456789", null, "UnknownDatabase", TestName = "A_name_for_the_gateway_never_is_a_database")]
    [TestCase("open", "alice", Token, "UnknownDatabase", TestName = "A_placeholder_as_database_is_refused")]
    [TestCase(null, "alice", "Orders", "UnknownTarget", TestName = "Names_are_matched_by_case")]
    public void Chooses_target_and_database(string? listener, string user, string? database, string expected) =>
        Assert.That(Choose(listener, user, database, ReplicationMode.None), Is.EqualTo(expected));

    [TestCase("orders", "alice@billing", "shop", "the listener serves \"orders\" only, and the user name asks for \"billing\"")]
    [TestCase(null, "alice", "shop", "\"shop\" is served by the targets billing, orders: the user name can say which, user@TARGET")]
    [TestCase(null, "alice", "Orders", "no target has the name \"Orders\"")]
    [TestCase("open", "alice", Token, "the database that is not shown")]
    public void Says_to_the_operator_why_there_is_no_such_place(string? listener, string user, string database, string said)
    {
        StartupParameters parameters = StartupPacketTests.Read(Wire.Untyped(196_608, $"user\0{user}\0database\0{database}\0\0")).Parameters!;
        UserName name = UserName.Parse(parameters.User, Targets.ContainsKey);
        TargetOutcome outcome = TargetChoice.Of(listener, name, parameters, ReplicationMode.None, Targets).Outcome;
        Assert.That(TargetChoice.Explain(outcome, listener, name, parameters, Targets), Does.Contain(said));
    }

    [Test]
    public void A_physical_walsender_is_in_no_database() =>
        Assert.That(Choose("orders", "alice", "replication", ReplicationMode.Physical), Is.EqualTo("orders/"));

    [Test]
    public void The_default_is_no_target() => Assert.That(default(TargetChoice).Outcome, Is.Not.EqualTo(TargetOutcome.Chosen));

    private static string Choose(string? listener, string user, string? database, ReplicationMode replication)
    {
        string named = database is null ? "" : $"database\0{database}\0";
        StartupParameters parameters = StartupPacketTests.Read(Wire.Untyped(196_608, $"user\0{user}\0{named}\0")).Parameters!;
        UserName name = UserName.Parse(parameters.User, Targets.ContainsKey);
        TargetChoice choice = TargetChoice.Of(listener, name, parameters, replication, Targets);
        return choice.Outcome == TargetOutcome.Chosen ? $"{choice.Target!.Name}/{choice.Database}" : choice.Outcome.ToString();
    }

    private static TargetConfig Target(string name, params string[] databases) => new()
    {
        Name = name,
        Protocol = "postgres",
        Addresses = [],
        Tls = new ClientTlsConfig { Mode = TlsMode.VerifyFull },
        Logins = [],
        Databases = [.. databases],
    };
}
