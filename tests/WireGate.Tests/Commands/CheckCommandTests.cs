using System.CommandLine;
using System.Text.Json.Nodes;
using NUnit.Framework;
using WireGate.Commands;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Commands;

internal sealed class CheckCommandTests
{
    private const string Good = """
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: pg, protocol: postgres, address: "0.0.0.0:5432", target: other }]
        secrets: { s: { env: S }, unused: { env: T } }
        targets:
          orders: { protocol: postgres, address: db, logins: { ro: { user: app, password: s } } }
          other: { protocol: postgres, address: db, logins: { ro: { user: app, password: s } } }
        identity: { unix: [{ user: nobody-of-this-name, subject: ci, groups: [agents] }, { user: root, subject: root }] }
        grants: [{ name: a, to: { issuer: unix, subject: bob }, targets: [orders] }]
        rules: { list: [{ name: all, match: { target: orders, operations: all }, do: allow }] }

        """;

    [Test]
    public void Prints_a_good_config_and_what_is_hardly_meant()
    {
        (int exit, string output, string error) = Run(Good);

        Assert.That(exit, Is.Zero, error);
        Assert.That(output, Does.StartWith("# version ").And.Contain("sqlite:/s.db").And.Contain("verify-full"));
        Assert.That(error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "warning: grants[0] (a): nobody can use it, no user of identity.unix is meant by it",
            "warning: grants[0] (a): nobody can use it for orders, no listener reaches that target",
            "warning: targets.other: no grant opens it",
            "warning: secrets.unused: no login uses it",
            "warning: listeners (pg): no TLS beyond this machine, so clients must prove themselves by SCRAM and everything else is in clear",
            "warning: identity.unix[0]: this machine has no user nobody-of-this-name, so nobody is that",
        }));
    }

    [Test]
    public void Prints_every_error_and_exits_two()
    {
        (int exit, string output, string error) = Run(Good + "nonsense: 1\nreload: never\n");

        Assert.That(exit, Is.EqualTo(2));
        Assert.That(output, Is.Empty);
        Assert.That(error, Does.Contain(":11:1 nonsense: unknown key").And.Contain(":12:9 reload: expected one of signal, watch"));
    }

    [Test]
    public void Prints_json_for_machines()
    {
        JsonNode good = JsonNode.Parse(Run(Good, "--json").Output)!;
        JsonNode bad = JsonNode.Parse(Run(Good + "nonsense: 1\n", "--json").Output)!;

        Assert.That((bool)good["ok"]!, Is.True);
        Assert.That((string?)good["config"]!["targets"]!["orders"]!["logins"]!["ro"]!["user"], Is.EqualTo("app"));
        Assert.That(good["warnings"]!.AsArray(), Has.Count.EqualTo(6));
        Assert.That((bool)bad["ok"]!, Is.False);
        Assert.That((int)bad["errors"]![0]!["line"]!, Is.EqualTo(11));
    }

    [Test]
    public void Prints_the_schema()
    {
        var output = new StringWriter();

        Assert.That(SchemaCommand.Create().Parse([]).Invoke(new InvocationConfiguration { Output = output }), Is.Zero);
        Assert.That((string?)JsonNode.Parse(output.ToString())!["$schema"], Does.Contain("2020-12"));
    }

    private static (int Exit, string Output, string Error) Run(string config, params string[] arguments)
    {
        using var directory = new TemporaryDirectory();
        var output = new StringWriter();
        var error = new StringWriter();
        int exit = CheckCommand.Create()
            .Parse(["--config", directory.Write("wiregate.yaml", config), .. arguments])
            .Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (exit, output.ToString(), error.ToString());
    }
}
