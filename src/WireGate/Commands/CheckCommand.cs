using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using WireGate.Configuration;
using WireGate.Core.Configuration;

namespace WireGate.Commands;

/// <summary><c>wiregate check</c>: every error at once, or the config as it would be in force.</summary>
internal static class CheckCommand
{
    internal const string DefaultConfig = "/etc/wiregate/wiregate.yaml";

    private const int Ok = 0;
    private const int NotLetIn = 1;
    private const int BadConfig = 2;

    internal static Command Create()
    {
        var file = new Option<string>("--config") { Description = "The config file.", DefaultValueFactory = _ => DefaultConfig };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var connect = new Option<bool>("--connect") { Description = "Also log in to every target; to those of HTTP only connect, and ask for their tokens." };
        var command = new Command("check", "Validate the config and print it as it would be in force, with secrets hidden.") { file, json, connect };
        command.SetAction(async (result, cancellationToken) =>
        {
            ConfigResult loaded = ConfigLoader.Load(result.GetRequiredValue(file));
            ImmutableArray<ConfigError> errors = ConfigFileChecks.Check(loaded);
            GatewayConfig? config = errors.IsEmpty ? loaded.Config : null;
            InvocationConfiguration streams = result.InvocationConfiguration;
            bool connects = config is not null && result.GetValue(connect);
            if (result.GetValue(json))
            {
                List<ConnectAttempt>? attempts = connects ? await ConnectCheck.RunAsync(config!, _ => { }, cancellationToken) : null;
                streams.Output.WriteLine(ToJson(config, errors, attempts).ToJsonString(ConfigSchema.Printed));
                return ExitCode(config, attempts);
            }

            Print(config, errors, streams.Output, streams.Error);
            return ExitCode(config, connects ? await ConnectCheck.RunAsync(config!, a => streams.Error.WriteLine(a), cancellationToken) : null);
        });
        return command;
    }

    private static int ExitCode(GatewayConfig? config, List<ConnectAttempt>? attempts) =>
        config is null ? BadConfig : attempts is null || attempts.TrueForAll(a => a.Problem is null) ? Ok : NotLetIn;

    private static void Print(GatewayConfig? config, ImmutableArray<ConfigError> errors, TextWriter output, TextWriter error)
    {
        foreach (ConfigError wrong in errors)
        {
            error.WriteLine(wrong);
        }

        if (config is null)
        {
            return;
        }

        foreach (string warning in ConfigWarnings.Find(config))
        {
            error.WriteLine($"warning: {warning}");
        }

        output.WriteLine($"# version {config.Version}");
        ResolvedConfig.WriteYaml(config, output);
    }

    private static JsonObject ToJson(GatewayConfig? config, ImmutableArray<ConfigError> errors, List<ConnectAttempt>? attempts) => new()
    {
        ["ok"] = ExitCode(config, attempts) == Ok,
        ["errors"] = Errors.ToJson(errors),
        ["warnings"] = new JsonArray([.. (config is null ? [] : ConfigWarnings.Find(config)).Select(w => JsonValue.Create(w))]),
        ["logins"] = attempts is null ? null : new JsonArray([.. attempts.Select(a => new JsonObject
        {
            ["target"] = a.Target,
            ["login"] = a.Login,
            ["address"] = a.Address,
            ["problem"] = a.Problem,
        })]),
        ["version"] = config?.Version,
        ["config"] = config is null ? null : ResolvedConfig.ToJson(config),
    };
}
