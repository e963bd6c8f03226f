using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Streams;
using WireGate.Postgres;

namespace WireGate.Commands;

/// <summary><c>wiregate check --connect</c>: logs in to every target, as every login, at every address.</summary>
internal static class ConnectCheck
{
    private static readonly TimeSpan PerLogin = TimeSpan.FromSeconds(10);

    /// <summary>Prints one line for each attempt, as it is made.</summary>
    /// <returns>False: at least one was not let in.</returns>
    public static async Task<bool> RunAsync(GatewayConfig config, TextWriter output, CancellationToken cancellationToken)
    {
        using EnvironmentSecrets environment = EnvironmentSecrets.Capture(
            config.Secrets.Values.Where(s => s.Env is not null).Select(s => s.Env!));
        using var secrets = new SecretProvider(config.Secrets, environment, TimeProvider.System);
        var loop = new PoolLoop();
        bool all = true;
        foreach (TargetConfig target in config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            foreach (LoginConfig login in target.Logins)
            {
                foreach (Address address in target.Addresses)
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    deadline.CancelAfter(PerLogin);
                    string? problem = await LoginCheck.RunAsync(loop, target, login, address, secrets, deadline.Token);
                    all &= problem is null;
                    await output.WriteLineAsync($"{target.Name} as {login.Name} at {address}: {Printable.Escape(problem ?? "ok")}");
                }
            }
        }

        return all;
    }
}
