using System.CommandLine;
using WireGate.Tests.Configuration;

namespace WireGate.Tests.Commands;

/// <summary>Rules in a file, and a command that reads it.</summary>
internal abstract class PolicyCommandFixture : IDisposable
{
    protected const string Config = """
        store: sqlite:/s.db
        audit: { to: /audit }
        listeners: [{ name: pg, protocol: postgres, address: 127.0.0.1 }]
        secrets: { s: { env: S } }
        targets: { orders: { protocol: postgres, address: db, logins: { ro: { user: app_ro, password: s }, rw: { user: app, password: s } } } }
        grants:
          - { name: agents, to: { issuer: local, groups: [agents] }, targets: [orders] }
          - { name: staff, to: { issuer: local, groups: [dba] }, targets: [orders], login: rw }
          - { name: held, to: { issuer: local, groups: [guests] }, targets: [orders], hold: { approvers: { groups: [dba] } } }
        rules:
          list:
            - { name: reads, match: { sql: { effects: [read] } }, do: allow, mask: [names] }
            - { name: writes, match: { login: rw, sql: { effects: [write] } }, do: hold, approvers: { groups: [dba], count: 2 }, within: 10m }
            - { name: no-drop, match: { sql: { statements: [drop] } }, do: deny, reason: "migrations only" }
            - { name: night, match: { hours: "Mon-Sun 00:00-06:00 UTC", sql: { effects: [read] } }, do: deny, mode: observe }
        masks: { names: { columns: [public.people.name], with: redact } }

        """;

    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    protected TemporaryDirectory Files { get; } = new();

    protected string Output => _output.ToString();

    protected string Error => _error.ToString();

    public void Dispose()
    {
        Files.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    protected void ForgetOutput() => _output.GetStringBuilder().Clear();

    protected int Run(Command command, string[] arguments) =>
        command.Parse(arguments).Invoke(new InvocationConfiguration { Output = _output, Error = _error });
}
