using System.Collections.Frozen;
using System.Net;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Sessions;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class SessionMatchTests
{
    private static readonly SessionFacts Session = Alice with
    {
        Identity = new Identity
        {
            Issuer = "corp",
            Subject = "repo:acme/shop",
            Groups = ["sre", "dba"],
            Claims = Map("team", "payments"),
        },
        Target = Orders with { Labels = Map("env", "prod") },
        Source = IPAddress.Parse("10.1.2.3"),
        IsTls = true,
    };

    private static readonly TestCaseData[] Cases =
    [
        Case("A_target_is_named", new() { Targets = ["billing", "orders"] }, true),
        Case("Another_target_is_named", new() { Targets = ["billing"] }, false),
        Case("A_label_fits", new() { Labels = Map("env", "prod") }, true),
        Case("A_label_has_another_value", new() { Labels = Map("env", "test") }, false),
        Case("A_label_is_missing", new() { Labels = Map("tier", "prod") }, false),
        Case("A_protocol_fits", new() { Protocol = "postgres" }, true),
        Case("Another_protocol_is_named", new() { Protocol = "ssh" }, false),
        Case("A_login_is_named", new() { Logins = ["rw"] }, true),
        Case("Another_login_is_named", new() { Logins = ["ro"] }, false),
        Case("An_issuer_fits", From(new() { Issuer = "corp" }), true),
        Case("Another_issuer_is_named", From(new() { Issuer = "local" }), false),
        Case("A_subject_fits", From(new() { Subject = "repo:acme/*" }), true),
        Case("A_star_crosses_no_colon_or_slash", From(new() { Subject = "repo:*" }), false),
        Case("Any_group_suffices", From(new() { Groups = ["dba", "none"] }), true),
        Case("No_group_fits", From(new() { Groups = ["none"] }), false),
        Case("A_claim_fits", From(new() { Claims = Map("team", "payments") }), true),
        Case("A_claim_has_another_value", From(new() { Claims = Map("team", "Payments") }), false),
        Case("A_claim_is_missing", From(new() { Claims = Map("unit", "payments") }), false),
        Case("A_source_is_in_a_network", new() { Sources = [IPNetwork.Parse("192.168.0.0/16"), IPNetwork.Parse("10.0.0.0/8")] }, true),
        Case("A_source_is_in_no_network", new() { Sources = [IPNetwork.Parse("192.168.0.0/16")] }, false),
        Case("A_database_fits", With(new() { Databases = [new("sh*")] }), true),
        Case("Another_database_is_named", With(new() { Databases = [new("stock")] }), false),
        Case("An_application_fits", With(new() { Applications = [new("psql")] }), true),
        Case("Another_application_is_named", With(new() { Applications = [new("pg_dump")] }), false),
        Case("A_grant_is_named", With(new() { Grants = ["dba"] }), true),
        Case("Another_grant_is_named", With(new() { Grants = ["ops"] }), false),
        Case("TLS_is_asked_for", With(new() { Tls = true }), true),
        Case("Clear_text_is_asked_for", With(new() { Tls = false }), false),
        Case("All_keys_must_fit", new() { Targets = ["orders"], Logins = ["ro"] }, false),
    ];

    [TestCaseSource(nameof(Cases))]
    public bool Match(MatchConfig match) => Judge(Session, Select(), Allow(match with { AllOperations = true })).Verdict == Verdict.Allow;

    [Test]
    public void A_Unix_socket_is_in_no_network() =>
        Assert.That(
            Judge(Session with { Source = null }, Select(), Allow(new MatchConfig { Sources = [IPNetwork.Parse("0.0.0.0/0")] })).Verdict, Is.EqualTo(Verdict.Deny));

    [Test]
    public void A_mapped_address_is_in_the_network_of_its_IPv4_form() =>
        Assert.That(
            Judge(Session with { Source = IPAddress.Parse("::ffff:10.1.2.3") }, Select(), Allow(new MatchConfig { Sources = [IPNetwork.Parse("10.0.0.0/8")] })).Verdict,
            Is.EqualTo(Verdict.Allow));

    [Test]
    public void What_a_session_does_not_tell_fits_no_pattern() =>
        Assert.That(
            Judge(Session with { Application = null }, Select(), Allow(With(new() { Applications = [new("*")] }))).Verdict, Is.EqualTo(Verdict.Deny));

    private static TestCaseData Case(string name, MatchConfig match, bool expected) => new TestCaseData(match).Returns(expected).SetName(name);

    private static MatchConfig From(CallerConfig from) => new() { From = from };

    private static MatchConfig With(SessionMatchConfig session) => new() { Session = session };

    private static FrozenDictionary<string, string> Map(string key, string value) => new Dictionary<string, string> { [key] = value }.ToFrozenDictionary();
}
