using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Transport.Streams;

namespace WireGate.Commands;

/// <summary>One login that was tried.</summary>
/// <param name="Target">Where.</param>
/// <param name="Login">As whom.</param>
/// <param name="Address">At which address of the target.</param>
/// <param name="Problem">Null: let in. Else why not.</param>
internal sealed record ConnectAttempt(string Target, string Login, string Address, string? Problem)
{
    /// <summary>One line.</summary>
    public override string ToString() => $"{Target} as {Login} at {Address}: {Printable.Escape(Problem ?? "ok")}";
}

/// <summary><c>wiregate check --connect</c>: logs in to every target, as every login, at every address; of HTTP, only connects, and asks for tokens.</summary>
internal static class ConnectCheck
{
    private static readonly TimeSpan PerLogin = TimeSpan.FromSeconds(10);

    /// <summary>Tries each, and tells of each attempt as it is made.</summary>
    public static async Task<List<ConnectAttempt>> RunAsync(GatewayConfig config, Action<ConnectAttempt> made, CancellationToken cancellationToken)
    {
        using EnvironmentSecrets environment = EnvironmentSecrets.Capture(config.SecretVariables);
        using var secrets = new SecretProvider(config.Secrets, environment, TimeProvider.System);
        var loop = new PoolLoop();
        List<ConnectAttempt> attempts = [];
        foreach (TargetConfig target in config.Targets.Values.OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            foreach (LoginConfig login in target.Logins)
            {
                foreach (Address address in target.Addresses)
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                    deadline.CancelAfter(PerLogin);
                    string? problem = target.Protocol switch
                    {
                        ProtocolNames.Ssh => await Ssh.LoginCheck.RunAsync(loop, target, login, address, secrets, config.Secrets, deadline.Token),
                        ProtocolNames.Kubernetes => await Http.Kubernetes.LoginCheck.RunAsync(loop, target, login, address, secrets, deadline.Token),
                        ProtocolNames.Http => await HttpReach.RunAsync(loop, target, address, deadline.Token)
                            ?? await Http.Credentials.Tokens.TokenCheck.RunAsync(login, secrets, deadline.Token),
                        _ => await Postgres.LoginCheck.RunAsync(loop, target, login, address, secrets, deadline.Token),
                    };
                    var attempt = new ConnectAttempt(target.Name, login.Name, address.ToString(), problem);
                    attempts.Add(attempt);
                    made(attempt);
                }
            }
        }

        return attempts;
    }
}
