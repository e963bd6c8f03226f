using System.CommandLine;
using WireGate.Commands;
using WireGate.Configuration;
using WireGate.Core.Configuration;

var root = new RootCommand("WireGate: reach PostgreSQL, SSH hosts, HTTP and Kubernetes APIs without ever holding the real credential")
{
    DemoCommand.Create(),
    RunCommand.Create(),
    CheckCommand.Create(),
    ExplainCommand.Create(),
    PolicyCommand.Create(),
    WhyCommand.Create(ReadAdminSocket),
    PlaceholderCommand.Create(ReadAdminSocket),
    KubeconfigCommand.Create(ReadAdminSocket),
    SessionCommand.Create(ReadAdminSocket),
    ApprovalCommand.Create(ReadAdminSocket),
    AuditCommand.Create(ReadAuditDirectory),
    CaCommand.Create(),
    SchemaCommand.Create(),
};
return await CommandLine.RunAsync(root, args, new InvocationConfiguration { ProcessTerminationTimeout = null }, CancellationToken.None);

static string ReadAdminSocket(string path) => Read(path).Admin.SocketPath;

static string ReadAuditDirectory(string path) => Read(path).Audit.Directory;

static GatewayConfig Read(string path)
{
    ConfigResult loaded = ConfigLoader.Load(path);
    return loaded.Config ?? throw new CommandException($"{loaded.Errors[0]} (see: wiregate check --config {path})");
}
