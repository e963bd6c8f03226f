# The gateway as uid 1654 on a read-only root. It writes to what is mounted for it only:
#   /etc/wiregate      the config and its secrets, read-only, readable by uid 1654
#   /var/lib/wiregate  the store and the audit log
#   /run/wiregate      the admin socket
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/WireGate -c Release -o /out

FROM mcr.microsoft.com/dotnet/aspnet:10.0
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsqlite3-0 libpg-query1504.0 \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -m 0700 -o 1654 -g 1654 /var/lib/wiregate /run/wiregate
COPY --from=build /out /usr/lib/wiregate
RUN ln -s /usr/lib/wiregate/wiregate /usr/bin/wiregate
ENV DOTNET_EnableDiagnostics=0 DOTNET_DbgEnableMiniDump=0 DOTNET_GCHeapHardLimitPercent=60
USER 1654:1654
VOLUME ["/var/lib/wiregate", "/run/wiregate"]
ENTRYPOINT ["/usr/lib/wiregate/wiregate"]
CMD ["run", "--config", "/etc/wiregate/wiregate.yaml"]
