using System.Collections.Immutable;
using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using WireGate.Configuration;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Hosting;

namespace WireGate.Commands;

/// <summary><c>wiregate run</c>: the daemon.</summary>
internal static class RunCommand
{
    /// <summary>EX_CONFIG and EX_UNAVAILABLE of sysexits.h: systemd does not restart after the first.</summary>
    private const int ConfigError = 78;
    private const int Unavailable = 69;

    public static Command Create()
    {
        var config = new Option<string>("--config")
        {
            Description = "The config file",
            HelpName = "FILE",
            DefaultValueFactory = _ => CheckCommand.DefaultConfig,
        };
        var verbose = new Option<bool>("--verbose") { Description = "Log every session" };
        var command = new Command("run", "Run the gateway daemon") { config, verbose };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(config)!, parsed.GetValue(verbose)));
        return command;
    }

    private static async Task<int> RunAsync(string path, bool verbose)
    {
        ConfigResult loaded = ConfigLoader.Load(path);
        ImmutableArray<ConfigError> errors = ConfigFileChecks.Check(loaded);
        if (!errors.IsEmpty || loaded.Config is not { } config)
        {
            foreach (ConfigError error in errors)
            {
                await Console.Error.WriteLineAsync(error.ToString());
            }

            return ConfigError;
        }

        if (config.Transport == TransportKind.Streams)
        {
            // Read when the first socket is made; inline completions are process-wide and would also catch what is not ours.
            Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        }

        ProcessHardening.Apply();
        using EnvironmentSecrets environment = EnvironmentSecrets.Capture(config.SecretVariables);
        using ILoggerFactory loggers = LoggerFactory.Create(logging =>
        {
            logging.SetMinimumLevel(verbose ? LogLevel.Debug : LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
            logging.AddSimpleConsole(console => console.SingleLine = true);
            logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        });
        ILogger logger = loggers.CreateLogger("WireGate");

        var stop = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var hurry = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            if (!stop.TrySetResult(context.Signal.ToString()))
            {
                // Said twice: nobody waits for what is under way.
                hurry.Cancel();
            }
        }

        var source = new ConfigSource(path, loaded);
        using var systemd = new SystemdNotify(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));
        Daemon daemon;
        try
        {
            daemon = await Daemon.StartAsync(source, environment, loggers, TimeProvider.System);
        }
        catch (Exception e) when (e is AuditFailedException or StoreUnavailableException or SocketException or IOException)
        {
            await Console.Error.WriteLineAsync($"wiregate: cannot start: {e.Message}");
            return Unavailable;
        }

        await using (daemon)
        {
            using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
            {
                context.Cancel = true;
                Reload(daemon, systemd, logger);
            });
            source.Changed += (_, taken) => Warn(taken, logger);
            Warn(source.Current, logger);
            TimeSpan? interval = Watchdog.IntervalFrom(Environment.GetEnvironmentVariable("WATCHDOG_USEC"));
            using Watchdog? watchdog = interval is { } every ? new Watchdog(daemon.Loops, every, TimeProvider.System, systemd.Alive) : null;
            using var quietCollector = new QuietCollector(new ManagedHeap(), TimeProvider.System);
            systemd.Status($"config {source.Current.Version}");
            systemd.Ready();
            bool told = await Task.WhenAny(stop.Task, daemon.AuditFailed) == stop.Task;
            logger.Stopping(told ? await stop.Task : "the audit log has failed");
            systemd.Stopping();
            if (told)
            {
                await daemon.DrainAsync(systemd.Draining, hurry.Token);
            }

            return told ? 0 : Unavailable;
        }
    }

    private static void Warn(GatewayConfig config, ILogger logger)
    {
        foreach (string warning in ConfigWarnings.Find(config))
        {
            logger.ConfigWarns(warning);
        }
    }

    private static void Reload(Daemon daemon, SystemdNotify systemd, ILogger logger)
    {
        systemd.Reloading();
        try
        {
            daemon.Reload();
        }
        catch (Exception e)
        {
            logger.ReloadFailed(e);
        }

        systemd.Ready();
    }
}
