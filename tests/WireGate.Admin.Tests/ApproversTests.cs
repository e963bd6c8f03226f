using System.Collections.Frozen;
using NUnit.Framework;
using WireGate.Admin.Access;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;
using WireGate.Testing.Admin;

namespace WireGate.Admin.Tests;

/// <summary>Who somebody is by now who said yes.</summary>
public sealed class ApproversTests
{
    private static readonly Identity Dora = new() { Issuer = Identity.UnixIssuer, Subject = "dora@corp", Groups = ["dba", "left"] };

    [Test]
    public void Has_the_groups_that_the_config_says() =>
        Assert.That(Approvers.PresentOf(Config(new UnixUserConfig("dora", "dora@corp", ["dba"])), Dora)!.Groups, Is.EqualTo(new[] { "dba" }));

    [Test]
    public void Has_those_of_every_user_that_stands_for_them_and_may_approve() => Assert.That(
        Approvers.PresentOf(
            Config(new("dora", "dora@corp", ["dba"]), new("dora-adm", "dora@corp", ["security"]), new("dora-ci", "dora@corp", ["left"])), Dora)!.Groups,
        Is.EqualTo(new[] { "dba", "security" }));

    [Test]
    public void Is_nobody_without_an_entry() => Assert.That(Approvers.PresentOf(Config(new UnixUserConfig("dan", "dan@corp", ["dba"])), Dora), Is.Null);

    [Test]
    public void Is_nobody_outside_of_the_role() => Assert.That(Approvers.PresentOf(Config(new UnixUserConfig("dora", "dora@corp", ["other"])), Dora), Is.Null);

    [Test]
    public void Is_nobody_by_another_issuer() => Assert.That(
        Approvers.PresentOf(Config(new UnixUserConfig("dora", "dora@corp", ["dba"])), Dora with { Issuer = "corp" }), Is.Null);

    private static GatewayConfig Config(params UnixUserConfig[] users)
    {
        GatewayConfig config = SampleConfig.Create("/run/admin.sock");
        return config with
        {
            UnixUsers = [.. users],
            Admin = config.Admin with
            {
                Roles = new Dictionary<AdminRole, RoleConfig> { [AdminRole.Approve] = new([], Identity.UnixIssuer, ["dba", "security"]) }
                    .ToFrozenDictionary(),
            },
        };
    }
}
