# All that `plexbayes` and `prefect worker` need. The folder /data keeps what must
# last: config.json, the record, Prefect's own database and results, and the password
# of the Prefect server, which is made and shown at the first start.
FROM python:3.13.12-slim-bookworm
WORKDIR /plexbayes
COPY pyproject.toml constraints.txt README.md LICENSE prefect.yaml ./
COPY engine engine
COPY tasks tasks
COPY flows flows
RUN pip install --no-cache-dir --constraint constraints.txt '.[postgres]'
RUN useradd --create-home plexbayes && mkdir /data && chown plexbayes /data
USER plexbayes
ENV PREFECT_HOME=/data/prefect
ENV PLEXBAYES_PASSWORD_FILE=/data/password
VOLUME /data
WORKDIR /data
CMD ["plexbayes", "serve", "--host", "0.0.0.0"]
