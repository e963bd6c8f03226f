using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Startup;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <summary>Logs in to a target as a session would, to show that it can be done, and leaves at once.</summary>
public static class LoginCheck
{
    /// <summary>Where a login lands that names no database: every cluster has it.</summary>
    private const string MaintenanceDatabase = "postgres";

    /// <summary>Tries one login at one address.</summary>
    /// <param name="loop">Moves the bytes.</param>
    /// <param name="target">Whose TLS and methods of authentication are demanded.</param>
    /// <param name="login">The account.</param>
    /// <param name="address">One of the target's.</param>
    /// <param name="secrets">The real credentials.</param>
    /// <param name="cancellationToken">The caller's deadline.</param>
    /// <returns>Null: it is let in. Else why not.</returns>
    public static async ValueTask<string?> RunAsync(
        EventLoop loop, TargetConfig target, LoginConfig login, Address address, SecretProvider secrets, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(login);
        ArgumentNullException.ThrowIfNull(secrets);
        try
        {
            using Secret? password = login.Password is { } name ? await UpstreamPassword.FetchAsync(secrets, name, fresh: true, cancellationToken) : null;
            await using Connection connection = await new UpstreamConnector().ConnectAsync(loop, target, address, cancellationToken);
            await using CancellationTokenRegistration deadline =
                cancellationToken.UnsafeRegister(static c => ((Connection)c!).Abort(), connection);
            using var keys = new ScramKeyCache(0, ScramKeyCache.PlacesOfProcess);
            string database = target.Databases.IsEmpty ? MaintenanceDatabase : target.Databases[0];
            var request = new LoginRequest(target, login.User, database, ReplicationMode.None, [], Identity.LocalIssuer);
            (UpstreamSession? session, UpstreamError? error) =
                await new UpstreamLogin(keys).RunAsync(connection, address, request, password, cancellationToken);
            if (session is null)
            {
                return $"{error!.Error.SqlState}: {error.Error.Message}";
            }

            connection.Output.WriteTerminate();
            await connection.Output.FlushAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is IOException or ProtocolException or SecretUnavailableException)
        {
            return e.Message;
        }
        catch (OperationCanceledException)
        {
            return "no answer in time";
        }
    }
}
