using System.Collections.Frozen;
using System.CommandLine;
using System.Net;
using System.Text;
using WireGate.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Core.Sessions;
using WireGate.Policy;

namespace WireGate.Commands;

/// <summary><c>wiregate explain</c>: what would happen, and why, without a daemon and without asking anybody.</summary>
internal static class ExplainCommand
{
    internal static Command Create()
    {
        var config = new Option<string>("--config") { Description = "The config file.", DefaultValueFactory = _ => CheckCommand.DefaultConfig };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var subject = new Option<string>("--subject") { Description = "Who asks.", Required = true };
        var issuer = new Option<string>("--issuer") { Description = "Who vouches for the subject.", DefaultValueFactory = _ => Identity.LocalIssuer };
        var groups = new Option<string[]>("--group") { Description = "A group of the subject; any number.", DefaultValueFactory = _ => [] };
        var claims = new Option<string[]>("--claim") { Description = "A claim of the subject, name=value; any number.", DefaultValueFactory = _ => [] };
        var target = new Option<string>("--target") { Description = "The target.", Required = true };
        var login = new Option<string?>("--login") { Description = "The login; without, the least that a grant gives." };
        var database = new Option<string?>("--database") { Description = "The database." };
        var source = new Option<string?>("--source") { Description = "The client's address." };
        var application = new Option<string?>("--application") { Description = "The application's name, as the client gives it." };
        var plain = new Option<bool>("--plain") { Description = "The client comes without TLS." };
        var at = new Option<string?>("--at") { Description = "When, such as 2026-03-01T09:30:00+01:00; without, now." };
        var path = new Option<string>("--search-path") { Description = "Schemas of names without one, by commas.", DefaultValueFactory = _ => "public" };
        var sql = new Option<string?>("--sql") { Description = "The statement." };
        var exec = new Option<string?>("--exec") { Description = "Instead of a statement: the SSH command." };
        var shell = new Option<bool>("--shell") { Description = "Instead: an SSH shell." };
        var subsystem = new Option<string?>("--subsystem") { Description = "Instead: an SSH subsystem." };
        var sftp = new Option<string?>("--sftp") { Description = $"Instead: {SshQuestions.SftpForm}." };
        var forward = new Option<string?>("--forward") { Description = $"Instead: {SshQuestions.ForwardForm}." };
        var request = new Option<string?>("--request") { Description = $"Instead: {SshQuestions.RequestForm}." };
        var http = new Option<string?>("--http") { Description = $"Instead: {HttpQuestions.Form}." };
        var kube = new Option<string?>("--kube") { Description = $"Instead: {KubernetesQuestions.Form}." };
        var headers = new Option<string[]>("--header") { Description = $"A header of the request, {HttpQuestions.HeaderForm}; any number.", DefaultValueFactory = _ => [] };
        var body = new Option<string?>("--body") { Description = "The body of the request, of JSON; without one, or with an empty one, it has none." };
        var response = new Option<string?>("--response") { Description = $"What the request is answered, {HttpQuestions.ResponseForm}: what becomes of that." };
        var pty = new Option<bool>("--pty") { Description = "The command, shell or subsystem has a terminal." };
        var command = new Command("explain", "Say what would happen to an operation: the decision, the rule, and why. Exit code 0: it passes.")
        {
            subject, issuer, groups, claims, target, login, database, source, application, plain, at, path, sql, exec, shell, subsystem, sftp,
            forward, request, http, kube, headers, body, response, pty, config, json,
        };
        command.SetAction(result =>
        {
            InvocationConfiguration streams = result.InvocationConfiguration;
            if (PolicyFiles.Load(result.GetRequiredValue(config), e => Errors.Tell(result, e)) is not { } loaded)
            {
                return CommandLine.Usage;
            }

            try
            {
                bool hasPty = result.GetValue(pty);
                string?[] asked =
                [
                    result.GetValue(sql), result.GetValue(exec), result.GetValue(shell) ? "" : null, result.GetValue(subsystem), result.GetValue(sftp), result.GetValue(forward),
                    result.GetValue(request), result.GetValue(http), result.GetValue(kube),
                ];
                if (asked.Count(a => a is not null) != 1)
                {
                    throw new PolicyException("write one of --sql, --exec, --shell, --subsystem, --sftp, --forward, --request, --http and --kube");
                }

                SshOperation? ssh = asked switch
                {
                    [_, { } command, ..] => SshQuestions.Exec(command, hasPty),
                    [_, _, { }, ..] => new SshShell(hasPty),
                    [_, _, _, { } name, ..] => SshQuestions.Subsystem(name, hasPty),
                    [.., { } files, _, _, _, _] => SftpOf(files),
                    [.., { } place, _, _, _] => ForwardOf(place),
                    [.., { } unknown, _, _] => RequestOf(unknown),
                    _ => null,
                };
                PolicyAnswer answer = PolicyAnswer.Of(loaded, new PolicyQuestion
                {
                    Issuer = result.GetRequiredValue(issuer),
                    Subject = result.GetRequiredValue(subject),
                    Groups = [.. result.GetRequiredValue(groups)],
                    Claims = ClaimsOf(result.GetRequiredValue(claims)),
                    Target = result.GetRequiredValue(target),
                    Login = result.GetValue(login),
                    Database = result.GetValue(database),
                    Source = result.GetValue(source) is { } from ? AddressOf(from) : null,
                    Application = result.GetValue(application),
                    IsTls = !result.GetValue(plain),
                    At = result.GetValue(at) is { } when ? TimeOf(when) : null,
                    SearchPath = SqlSearchPath.Of([.. result.GetRequiredValue(path).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)]),
                    Sql = result.GetValue(sql) ?? "",
                    Ssh = ssh,
                    Http = HttpOf(result.GetValue(http), result.GetValue(kube), result.GetRequiredValue(headers), result.GetValue(response)),
                    Body = Encoding.UTF8.GetBytes(result.GetValue(body) ?? ""),
                });
                if (result.GetValue(json))
                {
                    streams.Output.WriteLine(Answers.ToJson(answer, loaded.Rules.External is not null).ToJsonString(ConfigSchema.Printed));
                }
                else
                {
                    Answers.Write(answer, loaded.Rules.External is not null, streams.Output);
                }

                return answer.Decision.Verdict == Verdict.Allow ? CommandLine.Ok : CommandLine.No;
            }
            catch (Exception e) when (e is PolicyException or InvalidOperationException)
            {
                Errors.Tell(result, e.Message);
                return CommandLine.Usage;
            }
        });
        return command;
    }

    private static FrozenDictionary<string, string> ClaimsOf(string[] claims) => claims.Select(claim =>
    {
        int equals = claim.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? KeyValuePair.Create(claim[..equals], claim[(equals + 1)..]) : throw new PolicyException($"--claim {claim}: write name=value");
    }).ToFrozenDictionary(StringComparer.Ordinal);

    private static SshOperation SftpOf(string text) =>
        SshQuestions.TrySftp(text, out SshOperation? sftp) ? sftp : throw new PolicyException($"--sftp {text}: write {SshQuestions.SftpForm}");

    private static SshOperation ForwardOf(string text) =>
        SshQuestions.TryForward(text, out SshOperation? forward) ? forward : throw new PolicyException($"--forward {text}: write {SshQuestions.ForwardForm}");

    private static SshOperation RequestOf(string text) =>
        SshQuestions.TryRequest(text, out SshOperation? request)
            ? request
            : throw new PolicyException($"--request {text}: write {SshQuestions.RequestForm}");

    private static HttpOperation? HttpOf(string? http, string? kube, string[] headers, string? response)
    {
        HttpOperation? request = null;
        HttpResponse? answer = null;
        if (response is not null && !HttpQuestions.TryResponse(response, out answer))
        {
            throw new PolicyException($"--response {response}: write {HttpQuestions.ResponseForm}");
        }

        return http is not null && !HttpQuestions.TryRead(http, out request) ? throw new PolicyException($"--http {http}: write {HttpQuestions.Form}")
            : kube is not null && !KubernetesQuestions.TryRead(kube, out request) ? throw new PolicyException($"--kube {kube}: write {KubernetesQuestions.Form}")
            : request is null ? null : request with { Headers = HttpQuestions.Headers(headers), Response = answer };
    }

    private static IPAddress AddressOf(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address : throw new PolicyException($"--source {text}: no IP address");

    private static DateTimeOffset TimeOf(string text) =>
        PolicyFiles.TryReadTime(text, out DateTimeOffset time) ? time : throw new PolicyException($"--at {text}: write it as 2026-03-01T09:30:00+01:00");
}
