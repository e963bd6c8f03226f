using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Admin;
using WireGate.Commands;
using WireGate.Core.Approvals;
using WireGate.Core.Configuration;
using WireGate.Testing.Admin;
using WireGate.Testing.Approvals;

namespace WireGate.Tests.Commands;

/// <summary>The verbs against the real admin server, with the daemon's inner parts in memory. This process is the daemon's own user.</summary>
internal sealed class CliHarness : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wg-cli-");
    private AdminServer? _server;

    public CliHarness() => Config = SampleConfig.Create(Path.Combine(_directory.FullName, "admin.sock"));

    public GatewayConfig Config { get; set; }

    public MemoryPlaceholders Placeholders { get; } = new(TimeProvider.System);

    public MemorySessions Sessions { get; } = new();

    public MemoryReferences References { get; } = new();

    public ApprovalRegistry Approvals { get; private set; } = null!;

    public GivenTerms Terms { get; } = new();

    public async Task<CliHarness> StartAsync()
    {
        Approvals = await ApprovalRegistry.OpenAsync(new MemoryApprovalStore(), new MemoryAudit(), TimeProvider.System, NullLogger.Instance, _ => [], person => person);
        _server = await AdminServer.StartAsync(new AdminDependencies
        {
            Config = () => Config,
            Placeholders = Placeholders,
            Sessions = Sessions,
            Audit = new MemoryAudit(),
            References = References,
            Approvals = Approvals,
            BeforehandTerms = Terms,
            Loggers = NullLoggerFactory.Instance,
        }, CancellationToken.None);
        return this;
    }

    /// <summary>Runs a command line with <c>--socket</c> of this daemon behind it.</summary>
    public Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) =>
        RunBareAsync([.. arguments, "--socket", Config.Admin.SocketPath]);

    public static async Task<(int Code, string Output, string Error)> RunBareAsync(params string[] arguments)
    {
        static string ReadConfig(string path) => path + ".sock";
        RootCommand root = new("test")
        {
            PlaceholderCommand.Create(ReadConfig), KubeconfigCommand.Create(ReadConfig), SessionCommand.Create(ReadConfig), ApprovalCommand.Create(ReadConfig), WhyCommand.Create(ReadConfig),
        };
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await CommandLine.RunAsync(root, arguments, new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }
}
